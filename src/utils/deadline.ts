/**
 * `work`, or `fallback` when it takes longer than `timeoutMs`. The timer never keeps the process alive,
 * and a failure of `work` after the deadline is ignored.
 */
export function withDeadline<T, F>(
  work: Promise<T>,
  timeoutMs: number,
  fallback: F,
): Promise<T | F> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(fallback), timeoutMs)
    timer.unref()
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}

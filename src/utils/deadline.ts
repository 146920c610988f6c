/** A deadline is waited for in so many parts. */
const PARTS = 10

/**
 * `work`, or `fallback` when it takes longer than `timeoutMs`. Time in which the event loop stands
 * still, as while a bundler compiles, hardly counts: `work` could not go on in it either. The timer
 * never keeps the process alive, and a failure of `work` after the deadline is ignored.
 */
export function withDeadline<T, F>(
  work: Promise<T>,
  timeoutMs: number,
  fallback: F,
): Promise<T | F> {
  return new Promise((resolve, reject) => {
    let left = PARTS
    const timer = setInterval(() => {
      if (--left > 0) return
      clearInterval(timer)
      resolve(fallback)
    }, timeoutMs / PARTS)
    timer.unref()
    work.then(
      (value) => {
        clearInterval(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearInterval(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}

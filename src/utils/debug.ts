/** Prints one step; only there when somebody asked to see steps. */
export type Debug = (step: string) => void

/**
 * The printer of steps when `DEBUG` names `ports` (alone, in a list, or by `*`), as other tools of
 * the field have it; `undefined` otherwise, so that nobody builds lines that nobody reads.
 */
export function createDebug(
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
  now: () => number,
): Debug | undefined {
  const wanted = (env.DEBUG ?? '').split(/[\s,]+/)
  if (!wanted.some((name) => name === 'ports' || name === '*' || name === 'ports:*')) {
    return undefined
  }
  let last = now()
  return (step) => {
    const time = now()
    write(`ports ${step} +${Math.round(time - last)}ms\n`)
    last = time
  }
}

/** Frames to look at: esbuild's own are the nearest, six or so. */
const DEPTH = 40

/**
 * Which of esbuild's functions is setting up plugins: `'context'` for watching and serving,
 * `'build'` for one build. esbuild does not tell plugins, and a plugin that only found out after
 * the first build would be too late, so the names on the stack have to tell.
 *
 * @returns `undefined` when a plugin before this one had an asynchronous `setup`: the stack is new then.
 */
export function esbuildCall(): 'build' | 'context' | undefined {
  const names = functionNames()
  const inside = names.indexOf('buildOrContext')
  if (inside < 0) return undefined
  return names.slice(inside).find((name) => name === 'build' || name === 'context') as
    'build' | 'context' | undefined
}

/** Names of the functions on the stack, the nearest first. */
function functionNames(): (string | null)[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  const target: { stack?: unknown } = {}
  try {
    Error.stackTraceLimit = DEPTH
    // Source map tools have their own here, which give text.
    Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFunctionName())
    Error.captureStackTrace(target, functionNames)
    return Array.isArray(target.stack) ? (target.stack as (string | null)[]) : []
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}

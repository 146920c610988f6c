/**
 * `NODE_OPTIONS` with `--require file` added at the end, for a Node process and all that it starts.
 *
 * @param present What the variable says already; kept as it is.
 * @see https://nodejs.org/api/cli.html#node_optionsoptions
 */
export function requiringOptions(present: string | undefined, file: string): string {
  const option = `--require ${quote(file)}`
  const before = present?.trim() ?? ''
  if (before.endsWith(option)) return before
  return before ? `${before} ${option}` : option
}

/** Inside of double quotes Node takes a backslash for an escape, outside it does not. */
function quote(path: string): string {
  return /[\s"]/.test(path) ? `"${path.replace(/[\\"]/g, '\\$&')}"` : path
}

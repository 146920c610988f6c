import { parsePort } from './wishes.ts'

/** The port of `--port 3000` or `--port=3000`; `undefined` without one. */
export function portFlag(argv: readonly string[]): number | undefined {
  const index = argv.findIndex((arg) => arg === '--port' || arg.startsWith('--port='))
  if (index < 0) return undefined
  const flag = argv[index] ?? ''
  const value = flag.includes('=') ? flag.slice('--port='.length) : argv[index + 1]
  return value === undefined ? undefined : parsePort(value)
}

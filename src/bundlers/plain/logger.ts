import type { HostLogger } from '../adapter.ts'

/** Levels at which bundlers print warnings and errors at most. */
const NO_INFO = new Set(['silent', 'error', 'warning', 'warn'])
/** Levels at which they print no warnings either. */
const NO_WARNINGS = new Set(['silent', 'error'])

/**
 * Prints on stderr, as these bundlers do with everything that is not a bundle.
 *
 * @param level The bundler's `logLevel`, as far as the user set it.
 */
export function stderrLogger(level: unknown): HostLogger {
  const print = (message: string): void => console.error(message)
  const ignore = (): void => {}
  const said = typeof level === 'string' ? level : ''
  return {
    info: NO_INFO.has(said) ? ignore : print,
    warn: NO_WARNINGS.has(said) ? ignore : print,
  }
}

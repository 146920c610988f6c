import colors from 'picocolors'
import type { HostLogger } from '../bundlers/adapter.ts'

/** What a run has to say: it waits until there is a logger. */
export class RunLog {
  #logger: HostLogger | undefined
  #warnings: string[] = []

  /** Warns at once, or as soon as there is a logger. */
  warn(warnings: readonly string[]): void {
    if (this.#logger) for (const warning of warnings) this.#logger.warn(warningLine(warning))
    else this.#warnings.push(...warnings)
  }

  /** What the run ends with. */
  error(line: string): void {
    const text = `${colors.red('ports:')} ${line}`
    if (this.#logger?.error) this.#logger.error(text)
    else this.#logger?.warn(text)
  }

  /** News; lost while there is no logger, because the summary will say how things are. */
  note(line: string): void {
    this.#logger?.info(`${colors.cyan('ports:')} ${line}`)
  }

  /** From now on `logger` gets everything; first what has waited. */
  open(logger: HostLogger): void {
    this.#logger = logger
    const waiting = this.#warnings
    this.#warnings = []
    this.warn(waiting)
  }

  /** Says here what `other` has to say, now and later. */
  continueFrom(other: RunLog): void {
    const waiting = other.#warnings
    other.#warnings = []
    other.#logger = this.#logger
    this.warn(waiting)
  }
}

function warningLine(warning: string): string {
  return `${colors.yellow('ports:')} ${warning}`
}

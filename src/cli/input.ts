import type { SessionWorld } from '../session/world.ts'
import { UsageError } from './usage-error.ts'
import { parseDuration } from './values.ts'

/** A parsed command line. */
export class CommandInput {
  readonly command: string
  readonly args: readonly string[]
  readonly world: SessionWorld
  readonly #flags: ReadonlyMap<string, string | true>

  constructor(
    command: string,
    args: readonly string[],
    flags: ReadonlyMap<string, string | true>,
    world: SessionWorld,
  ) {
    this.command = command
    this.args = args
    this.#flags = flags
    this.world = world
  }

  /** The flag was given. */
  has(flag: string): boolean {
    return this.#flags.has(flag)
  }

  /** The value of a flag; `undefined` when it was not given. */
  text(flag: string): string | undefined {
    const value = this.#flags.get(flag)
    return typeof value === 'string' ? value : undefined
  }

  /**
   * The value of a flag as milliseconds.
   *
   * @throws UsageError for anything that is no time.
   */
  duration(flag: string, byDefault: number): number {
    const text = this.text(flag)
    if (text === undefined) return byDefault
    const value = parseDuration(text)
    if (value === undefined) {
      throw this.mistake(
        `--${flag} should be a time such as 30s, 500ms or 2m but is ${JSON.stringify(text)}.`,
      )
    }
    return value
  }

  /** An error about this command's line. */
  mistake(message: string): UsageError {
    return new UsageError(message, this.command)
  }
}

import type { CommandInput } from './input.ts'
import type { Io } from './io.ts'

/** One `--flag`. */
export interface FlagSpec {
  /** What its value is called, such as `<time>`; absent for a flag without a value. */
  readonly value?: string
  /** One letter. */
  readonly short?: string
  /** One line for the help. */
  readonly text: string
}

/** What a command line may say, and what its help tells; how it is done comes from {@link CommandSpec.load}. */
export interface CommandSpec {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** More for its own help; one paragraph each. */
  readonly details?: readonly string[]
  /** How its arguments are called: `<port|from-to…>`; absent when it takes none. */
  readonly args?: string
  /** Fewest arguments; default 0. */
  readonly minArgs?: number
  /** Most arguments. Default: as many as one likes, or 0 without {@link CommandSpec.args}. */
  readonly maxArgs?: number
  /** The first argument and everything behind it belong to somebody else's command line. */
  readonly passesRest?: boolean
  readonly flags: Readonly<Record<string, FlagSpec>>
  readonly examples: readonly (readonly [commandLine: string, what: string])[]
  /** What its exit codes mean; those of every command are left out. */
  readonly exits: readonly (readonly [code: number, meaning: string])[]
  load(): Promise<{ readonly run: RunCommand }>
}

/**
 * Does what a command line asks for and returns its exit code.
 *
 * @throws UsageError, PortsError, PortsOptionError; the frame prints them and chooses the code.
 */
export type RunCommand = (input: CommandInput, io: Io) => Promise<number>

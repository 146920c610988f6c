import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { CommandSpec, FlagSpec } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Flags that every command takes. */
export const GLOBAL_FLAGS: Readonly<Record<string, FlagSpec>> = {
  json: { text: 'print one JSON document for programs' },
  cwd: { value: '<dir>', short: 'C', text: 'act as if started in this directory' },
  help: { short: 'h', text: 'show help' },
}

/** A command line that makes sense. */
export interface ParsedLine {
  readonly spec: CommandSpec
  readonly args: readonly string[]
  /** By long name. */
  readonly flags: ReadonlyMap<string, string | true>
}

/** Finds the name that somebody may have meant. */
export type Nearest = (name: string, known: readonly string[]) => string | undefined

/** Splits a command line into the command's name and the rest; the name may follow global flags. */
export function splitCommand(argv: readonly string[]): {
  readonly name: string | undefined
  readonly rest: readonly string[]
} {
  const at = tokensOf(argv, GLOBAL_FLAGS).find(({ kind }) => kind !== 'option')
  if (at?.kind !== 'positional') return { name: undefined, rest: argv }
  return { name: at.value, rest: argv.toSpliced(at.index, 1) }
}

/**
 * Reads the arguments and flags of a command.
 *
 * @throws UsageError for an unknown flag, a value too many or too few, and a wrong number of arguments.
 */
export function parseLine(
  spec: CommandSpec,
  argv: readonly string[],
  nearest: Nearest,
): ParsedLine {
  const known = { ...spec.flags, ...GLOBAL_FLAGS }
  const mistake = (text: string): UsageError => new UsageError(text, spec.name)
  const first = tokensOf(argv, known).find(({ kind }) => kind !== 'option')
  const end = spec.passesRest && first ? first.index : argv.length
  const args: string[] = []
  const flags = new Map<string, string | true>()
  for (const token of tokensOf(argv.slice(0, end), known)) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const flag = Object.hasOwn(known, name) ? known[name] : undefined
    if (!flag) throw mistake(unknownFlag(rawName, name, Object.keys(known), nearest))
    if (flag.value === undefined && value !== undefined) throw mistake(`${rawName} takes no value.`)
    // `--timeout --any` has forgotten something; `--timeout=-1` means what it says.
    const forgotten = value === undefined || (!inlineValue && /^-./.test(value))
    if (flag.value !== undefined && (forgotten || value === '')) {
      throw mistake(`${rawName} needs a value: ${rawName} ${flag.value}.`)
    }
    flags.set(name, value ?? true)
  }
  const rest = argv.slice(end)
  args.push(...(spec.passesRest && rest[0] === '--' ? rest.slice(1) : rest))
  if (!flags.has('help')) checkCount(spec, args)
  return { spec, args, flags }
}

function tokensOf(
  argv: readonly string[],
  flags: Readonly<Record<string, FlagSpec>>,
): NonNullable<ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>['tokens']> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
    ]),
  )
  return parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens
}

function unknownFlag(
  raw: string,
  name: string,
  known: readonly string[],
  nearest: Nearest,
): string {
  const meant = raw.startsWith('--') ? nearest(name, known) : undefined
  const advice = meant
    ? `Did you mean --${meant}?`
    : `Known: ${known.map((flag) => `--${flag}`).join(', ')}.`
  return `Unknown flag ${raw}. ${advice}`
}

function checkCount(
  { name, args: named, minArgs = 0, maxArgs }: CommandSpec,
  args: string[],
): void {
  const most = named === undefined ? 0 : (maxArgs ?? Infinity)
  if (args.length > most) {
    const extra = JSON.stringify(args[most])
    throw new UsageError(`ports ${name} can't do anything with ${extra}.`, name)
  }
  if (args.length < minArgs) {
    throw new UsageError(`ports ${name} needs ${named}.`, name)
  }
}

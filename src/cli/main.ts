import { COMMANDS, DEFAULT_COMMAND, HIDDEN_COMMANDS } from './commands.ts'
import type { CommandSpec } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { parseLine, splitCommand } from './parse.ts'
import { outOfFiles } from '../utils/out-of-files.ts'
import { UsageError } from './usage-error.ts'

/** Commands are short, and a wrong guess costs nothing. */
const COMMAND_SLIPS = 2

/** Runs one command line, prints its errors, and returns its exit code. Never rejects. */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await runLine(argv, io)
  } catch (error) {
    return printError(error, argv, io)
  }
}

async function runLine(argv: readonly string[], io: Io): Promise<ExitCode> {
  const { nearestName } = await import('../options/suggest.ts')
  const { name, rest } = splitCommand(argv)
  if (name === 'help' || (name === undefined && asksHelp(argv))) return printHelp(rest, io)
  const spec = name === undefined ? DEFAULT_COMMAND : specNamed(name)
  if (!spec) throw unknownCommand(name ?? '', nearestName)
  const line = parseLine(spec, rest, nearestName)
  if (line.flags.has('help')) return printHelp([spec.name], io)
  const [{ run }, { CommandInput }, { cliWorld }] = await Promise.all([
    spec.load(),
    import('./input.ts'),
    import('./world.ts'),
  ])
  const world = cliWorld(line.flags.get('cwd'))
  return run(new CommandInput(spec.name, line.args, line.flags, world), io)
}

function specNamed(name: string): CommandSpec | undefined {
  return [...COMMANDS, ...HIDDEN_COMMANDS].find((spec) => spec.name === name)
}

function asksHelp(argv: readonly string[]): boolean {
  return argv.some((arg) => arg === '--help' || arg === '-h')
}

async function printHelp(names: readonly string[], io: Io): Promise<ExitCode> {
  const { renderHelp, renderOverview } = await import('./help.ts')
  const [name] = names.filter((arg) => !arg.startsWith('-'))
  const spec = name === undefined ? undefined : specNamed(name)
  if (name !== undefined && !spec) {
    const { nearestName } = await import('../options/suggest.ts')
    throw unknownCommand(name, nearestName)
  }
  io.out(spec ? renderHelp(spec, io.columns) : renderOverview(COMMANDS, io.columns))
  return EXIT.ok
}

function unknownCommand(
  name: string,
  nearest: (name: string, known: readonly string[], most: number) => string | undefined,
): UsageError {
  const names = COMMANDS.map((spec: CommandSpec) => spec.name)
  if (/^:?\d+$/.test(name)) {
    return new UsageError(`Unknown command "${name}". Did you mean \`ports who ${name}\`?`)
  }
  const meant = nearest(name, names, COMMAND_SLIPS)
  const advice = meant ? `Did you mean \`ports ${meant}\`?` : `Known: ${names.join(', ')}.`
  return new UsageError(`Unknown command ${JSON.stringify(name)}. ${advice}`)
}

function printError(problem: unknown, argv: readonly string[], io: Io): ExitCode {
  const error = outOfFiles(problem) ?? problem
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const code = (error as { code?: unknown } | undefined)?.code
  const known = typeof code === 'string' && code.startsWith('PORTS_')
  if (argv.includes('--json')) {
    io.json({ v: 1, error: { code: known ? code : 'PORTS_UNEXPECTED', message } })
  }
  // A surprise is a defect of ours, and its stack says where.
  else io.err(known ? `${label(code)}${message}` : (stack ?? message))
  if (!(error instanceof UsageError)) return code === 'PORTS_TIMEOUT' ? EXIT.timeout : EXIT.failed
  if (!argv.includes('--json')) {
    io.err(`See \`ports ${error.command ? `${error.command} ` : ''}--help\`.`)
  }
  return EXIT.usage
}

function label(code: string): string {
  return code === 'PORTS_USAGE' ? '' : `${code}: `
}

import type { CommandSpec, FlagSpec } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { GLOBAL_FLAGS } from './parse.ts'
import { wrapText } from '../utils/wrap-text.ts'

/** Widest help, in columns: longer lines are hard to read. */
const MAX_WIDTH = 80
const GAP = 2

/** The list of commands. */
export function renderOverview(commands: readonly CommandSpec[], columns: number): string {
  const width = Math.min(columns, MAX_WIDTH)
  return [
    ...wrapText('ports: every port of your projects, who has it and why.', width),
    '',
    'Usage: ports [command] [flags]',
    '',
    'Commands:',
    ...table(
      commands.map(({ name, args, summary }) => [args ? `${name} ${args}` : name, summary]),
      width,
    ),
    '',
    'Flags of every command:',
    ...table(
      flagRows({ ...GLOBAL_FLAGS, version: { short: 'v', text: 'print the version' } }),
      width,
    ),
    '',
    ...wrapText(
      '`ports` alone lists. `ports <command> --help` has examples and exit codes.',
      width,
    ),
  ].join('\n')
}

/** The help of one command. */
export function renderHelp(spec: CommandSpec, columns: number): string {
  const width = Math.min(columns, MAX_WIDTH)
  const { name, args, summary, details = [], flags, examples, exits } = spec
  const rest = spec.passesRest
    ? `[flags] [--] ${args}`
    : [args, '[flags]'].filter(Boolean).join(' ')
  return [
    `Usage: ports ${name} ${rest}`,
    '',
    ...wrapText(sentence(summary), width),
    ...details.flatMap((paragraph) => ['', ...wrapText(paragraph, width)]),
    '',
    'Flags:',
    ...table(flagRows({ ...flags, ...GLOBAL_FLAGS }), width),
    '',
    'Examples:',
    ...table(examples, width),
    '',
    'Exit codes:',
    ...table(
      [...exits, USAGE_EXIT].toSorted(([a], [b]) => a - b).map(([code, text]) => [`${code}`, text]),
      width,
    ),
  ].join('\n')
}

const USAGE_EXIT = [EXIT.usage, 'the command line makes no sense'] as const

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function flagRows(flags: Readonly<Record<string, FlagSpec>>): (readonly [string, string])[] {
  return Object.entries(flags).map(([name, { value, short, text }]) => [
    `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
    text,
  ])
}

/** Two columns; a left cell that is too long has the right one below it. */
function table(rows: readonly (readonly [string, string])[], width: number): string[] {
  const widest = Math.floor(width / 2) - 4
  const left = Math.max(...rows.map(([cell]) => (cell.length > widest ? 0 : cell.length)))
  const indent = ' '.repeat(2 + left + GAP)
  return rows.flatMap(([cell, text]) => {
    const [first = '', ...more] = wrapText(text, width - indent.length)
    const rest = more.map((line) => indent + line)
    if (cell.length > left) return [`  ${cell}`, indent + first, ...rest]
    return [`  ${cell.padEnd(left + GAP)}${first}`, ...rest]
  })
}

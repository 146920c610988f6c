import { extname } from 'node:path'
import { PortsOptionError } from '../errors.ts'
import { showPath } from '../options/show.ts'
import type { OptionProblem } from '../options/validate.ts'
import { findLineInCode } from './code-lines.ts'
import { findKeyLines, JsonSyntaxError } from './json-lines.ts'
import { lineInStack } from './stack.ts'
import { readText } from '../utils/read-text.ts'

/** A config file and its name for people. */
export interface ConfigPlace {
  /** Absolute. */
  readonly file: string
  /** Relative to the root that options are wanted for. */
  readonly name: string
}

/** The error for a file that can't be read or run; `cause` says why. */
export function brokenConfig({ file, name }: ConfigPlace, cause: unknown): PortsOptionError {
  const line = cause instanceof JsonSyntaxError ? cause.line : lineInStack(cause, file)
  return new PortsOptionError(`${placeOf(name, line)}: ${reasonOf(cause, file)}`, { cause })
}

/** The error for options that are wrong: one line each, with the line of the file where it is known. */
export function wrongOptions(
  { file, name }: ConfigPlace,
  problems: readonly OptionProblem[],
): PortsOptionError {
  const lineOf = lineFinder(file)
  const lines = problems.map(
    ({ path, message }) => `${placeOf(name, lineOf(path))} ${whatOf(path)}: ${message}`,
  )
  return new PortsOptionError(lines.join('\n'))
}

function placeOf(name: string, line: number | undefined): string {
  return line === undefined ? name : `${name}:${line}`
}

function whatOf(path: OptionProblem['path']): string {
  return path.length === 0 ? 'default export' : showPath(path)
}

/** Names of errors that say nothing beyond the message. */
const SPEAKS_FOR_ITSELF = new Set(['Error', 'TypeError', 'SyntaxError'])

function reasonOf(cause: unknown, file: string): string {
  if (!(cause instanceof Error)) return `it threw ${String(cause)}.`
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return "it can't be read: permission denied."
  // jiti puts the place on a line of its own; it is said already.
  const [first = ''] = cause.message.split(/\s*\n/)
  const text = first
    .replace(/^ParseError: /, 'syntax error: ')
    .replace(` imported from ${file}`, '')
  const said = cause.name === 'SyntaxError' ? `syntax error: ${text}` : text
  return SPEAKS_FOR_ITSELF.has(cause.name) ? said : `${cause.name}: ${text}`
}

function lineFinder(file: string): (path: OptionProblem['path']) => number | undefined {
  try {
    const text = readText(file)
    if (extname(file) !== '.json') return (path) => findLineInCode(text, path)
    const lines = findKeyLines(text.replace(/^\uFEFF/, ''))
    return (path) => lines.get(JSON.stringify(path))
  } catch {
    // It was there a moment ago; without it there are no lines to tell.
    return () => undefined
  }
}

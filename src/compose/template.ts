import { showValue } from '../options/show.ts'

/** What stands between a variable's name and the word behind it in `${NAME:-word}`. */
export type Operator = ':-' | '-' | ':?' | '?' | ':+' | '+'

/** One `$NAME` or `${NAME…}` of a compose file. */
export interface Variable {
  readonly name: string
  readonly operator?: Operator
  /** What stands behind the operator; may hold variables itself. */
  readonly word: readonly Part[]
}

/** Literal text, or a variable. */
export type Part = string | Variable

/** The values of variables. */
export type Values = Readonly<Record<string, string | undefined>>

/** A template that Compose would refuse; the message says why. */
export class TemplateError extends Error {}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const OPERATOR = /:[-?+]|[-?+]/y
/** Deeper than anybody writes by hand, and far from the end of the call stack. */
const MAX_DEPTH = 100

/**
 * Reads the variables in a value of a compose file, in every form that Compose knows: `$V`, `${V}`,
 * `${V:-d}`, `${V-d}`, `${V:?e}`, `${V?e}`, `${V:+r}`, `${V+r}`, nested ones, and `$$` for `$`.
 *
 * https://docs.docker.com/reference/compose-file/interpolation/
 *
 * @throws TemplateError for anything else behind a `$`.
 */
export function parseTemplate(text: string): Part[] {
  const { parts, end } = parseUntil(text, 0, 0)
  return end === text.length ? parts : [...parts, text.slice(end)]
}

/**
 * The value of a template.
 *
 * @throws TemplateError when a variable with `?` has no value.
 */
export function renderTemplate(parts: readonly Part[], values: Values): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : renderVariable(part, values)))
    .join('')
}

/** @param depth Variables around it. */
function parseUntil(text: string, from: number, depth: number): { parts: Part[]; end: number } {
  const parts: Part[] = []
  let literal = ''
  const end = depth > 0 ? '}' : undefined
  let at = from
  while (at < text.length && text[at] !== end) {
    if (text[at] !== '$') literal += text[at++]
    else if (text[at + 1] === '$') {
      literal += '$'
      at += 2
    } else {
      const { variable, end } = parseVariable(text, at, depth)
      if (literal) parts.push(literal)
      literal = ''
      parts.push(variable)
      at = end
    }
  }
  if (literal) parts.push(literal)
  return { parts, end: at }
}

function parseVariable(
  text: string,
  dollar: number,
  depth: number,
): { variable: Variable; end: number } {
  if (depth > MAX_DEPTH) throw malformed(text)
  const braces = text[dollar + 1] === '{'
  const name = match(NAME, text, dollar + (braces ? 2 : 1))
  if (name === undefined) throw malformed(text)
  if (!braces) return { variable: { name, word: [] }, end: dollar + 1 + name.length }
  const behind = dollar + 2 + name.length
  const operator = match(OPERATOR, text, behind) as Operator | undefined
  const { parts, end } = operator
    ? parseUntil(text, behind + operator.length, depth + 1)
    : { parts: [], end: behind }
  if (text[end] !== '}') throw malformed(text)
  return { variable: { name, ...(operator && { operator }), word: parts }, end: end + 1 }
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function renderVariable({ name, operator, word }: Variable, values: Values): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  // With the colon an empty value counts as none.
  const isSet = value !== undefined && !(operator?.startsWith(':') && value === '')
  switch (operator?.at(-1)) {
    case '-':
      return isSet ? value : renderTemplate(word, values)
    case '+':
      return isSet ? renderTemplate(word, values) : ''
    case '?':
      if (!isSet) throw new TemplateError(missing(name, renderTemplate(word, values)))
      return value
    default:
      return value ?? ''
  }
}

function missing(name: string, why: string): string {
  return `${name} has no value${why && `: ${why}`}`
}

function malformed(text: string): TemplateError {
  return new TemplateError(
    `${showValue(text)} has a "$" that begins no variable; a plain one is written "$$"`,
  )
}

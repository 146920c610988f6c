import { lineAt } from './json-lines.ts'

const TOKEN =
  /(\/\/[^\n]*|\/\*[^]*?\*\/|\s+)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(`(?:\\.|[^`\\])*`)|([\w$]+)|([^])/g
const OPENS = new Set(['{', '[', '('])
const CLOSES = new Set(['}', ']', ')'])

interface Token {
  readonly text: string
  readonly offset: number
  /** What it would be as a key; `undefined` for signs. */
  readonly name: string | undefined
}

/**
 * The line on which the option at `path` is written in JavaScript or TypeScript text, counted from 1.
 *
 * The text is searched, not run: what was imported, spread or computed is not found.
 *
 * @returns `undefined` where nothing or more than one place matches.
 */
export function findLineInCode(
  text: string,
  path: readonly (string | number)[],
): number | undefined {
  // An index ends the search: the key of the list is near enough.
  const index = path.findIndex((key) => typeof key === 'number')
  const names = (index < 0 ? path : path.slice(0, index)).map(String)
  if (names.length === 0) return undefined
  const tokens = tokenize(text)
  const hidden = names[0] === 'packages' ? [] : bodiesOf(tokens, 'packages')
  const places = tokens.flatMap((_, at) =>
    hidden.some(([from, to]) => at >= from && at < to) ? [] : follow(tokens, at, names),
  )
  const [place, ...others] = places
  return place === undefined || others.length > 0 ? undefined : lineAt(text, place)
}

/** Where the last of `names` stands, when the first of them is the key at `at`. */
function follow(tokens: readonly Token[], at: number, names: readonly string[]): number[] {
  const [name, ...inner] = names
  const token = tokens[at]
  if (!token || token.name !== name || tokens[at + 1]?.text !== ':') return []
  if (inner.length === 0) return [token.offset]
  const body = bodyAt(tokens, at + 2)
  if (!body) return []
  const found: number[] = []
  let depth = 0
  for (let next = body[0]; next < body[1]; next++) {
    const { text } = tokens[next] as Token
    if (depth === 0) found.push(...follow(tokens, next, inner))
    if (OPENS.has(text)) depth++
    else if (CLOSES.has(text)) depth--
  }
  return found
}

function bodiesOf(tokens: readonly Token[], name: string): [number, number][] {
  return tokens.flatMap((token, at) => {
    if (token.name !== name || tokens[at + 1]?.text !== ':') return []
    const body = bodyAt(tokens, at + 2)
    return body ? [body] : []
  })
}

/** From the first token inside the braces that open at `at` to the closing one. */
function bodyAt(tokens: readonly Token[], at: number): [number, number] | undefined {
  if (tokens[at]?.text !== '{') return undefined
  let depth = 0
  for (let next = at; next < tokens.length; next++) {
    const { text } = tokens[next] as Token
    if (OPENS.has(text)) depth++
    else if (CLOSES.has(text) && --depth === 0) return [at + 1, next]
  }
  return undefined
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(TOKEN)) {
    const [all, skipped, string, template, word] = match
    if (skipped !== undefined) continue
    const name = string === undefined ? word : string.slice(1, -1)
    tokens.push({ text: template === undefined ? all : '``', offset: match.index, name })
  }
  return tokens
}

import { lineAt } from './json-lines.ts'

const TOKEN =
  /(\/\/[^\n]*|\/\*|\s+)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(`(?:\\.|[^`\\])*`)|([\w$]+)|([^])/y
const OPENS = new Set(['{', '[', '('])
const CLOSES = new Set(['}', ']', ')'])

interface Token {
  readonly text: string
  readonly offset: number
  /** What it would be as a key; `undefined` for signs. */
  readonly name: string | undefined
  /** Index of the token that closes what this one opens. */
  end?: number
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
  for (let next = body[0]; next < body[1]; next++) {
    found.push(...follow(tokens, next, inner))
    next = tokens[next]?.end ?? next
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
  const token = tokens[at]
  return token?.text === '{' && token.end !== undefined ? [at + 1, token.end] : undefined
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const open: Token[] = []
  for (const token of tokensOf(text)) {
    tokens.push(token)
    if (OPENS.has(token.text)) open.push(token)
    const opener = CLOSES.has(token.text) ? open.pop() : undefined
    if (opener) opener.end = tokens.length - 1
  }
  return tokens
}

function* tokensOf(text: string): Generator<Token> {
  /** Up to where a sign that opens something is known to be closed by nothing; asked once, not for each. */
  const alone = new Map<string, number>()
  let at = 0
  while (at < text.length) {
    const sign = text.startsWith('/*', at) ? '/*' : (text[at] ?? '')
    const isAlone = at < (alone.get(sign) ?? 0)
    TOKEN.lastIndex = at
    const [all = sign, skipped, string, template, word] = isAlone ? [] : (TOKEN.exec(text) ?? [])
    const offset = at
    at += all.length
    if (skipped === '/*') {
      const end = text.indexOf('*/', at)
      if (end < 0) alone.set('/*', text.length)
      else at = end + 2
      continue
    }
    if (skipped !== undefined) continue
    if (all === '`') alone.set(all, text.length)
    else if (all === "'" || all === '"') alone.set(all, endOfLine(text, at))
    const name = string === undefined ? word : string.slice(1, -1)
    yield { text: template === undefined ? all : '``', offset, name }
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

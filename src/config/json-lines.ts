/** A place in a JSON text that can't be read. */
export class JsonSyntaxError extends Error {
  /** Counted from 1. */
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** The lines of all keys, by their path as JSON. */
export type KeyLines = ReadonlyMap<string, number>

const TOKEN =
  // eslint-disable-next-line no-control-regex -- a string may not hold them
  /[\t\n\r ]*(?:([[\]{}:,])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))|(\/[/*]))?/y

/** Deeper than anybody writes by hand, and far from the end of the call stack. */
const MAX_DEPTH = 200

/**
 * Finds the line of every key of a JSON text. `JSON.parse` tells no lines, and not on every
 * supported Node where it stopped.
 *
 * @throws JsonSyntaxError at the first place that is no JSON.
 */
export function findKeyLines(text: string): KeyLines {
  const scan = new Scan(text)
  scan.value([])
  if (scan.token.kind !== 'end') scan.fail('nothing more')
  return scan.lines
}

interface Token {
  /** Empty at the end of the text, and for what is no token at all. */
  readonly text: string
  readonly kind: 'sign' | 'string' | 'literal' | 'comment' | 'end' | 'unknown'
  readonly offset: number
}

class Scan {
  readonly lines = new Map<string, number>()
  token: Token
  readonly #text: string
  #next = 0
  /** The line of that offset. */
  #line = 1
  #counted = 0

  constructor(text: string) {
    this.#text = text
    this.token = this.#read()
  }

  value(path: readonly (string | number)[]): void {
    const { text, kind } = this.token
    if (path.length > MAX_DEPTH) this.fail('fewer levels')
    if (text === '{') return this.#list('}', path, () => this.#entry(path))
    if (text === '[') return this.#list(']', path, (index) => this.value([...path, index]))
    if (kind !== 'string' && kind !== 'literal') this.fail('a value')
    this.#advance()
  }

  fail(expected: string): never {
    const { kind, offset } = this.token
    const line = this.#lineAt(offset)
    if (kind === 'comment') throw new JsonSyntaxError('JSON has no comments.', line)
    const found = kind === 'end' ? 'the end of the file' : quoted(this.#text.slice(offset))
    throw new JsonSyntaxError(`expected ${expected}, found ${found}.`, line)
  }

  #entry(path: readonly (string | number)[]): void {
    const { text, kind, offset } = this.token
    if (kind !== 'string') this.fail('a key in double quotes')
    const inner = [...path, JSON.parse(text) as string]
    this.lines.set(JSON.stringify(inner), this.#lineAt(offset))
    this.#advance()
    this.#expect(':')
    this.value(inner)
  }

  #list(end: string, path: readonly (string | number)[], item: (index: number) => void): void {
    this.#advance()
    if (this.token.text === end) return this.#advance()
    for (let index = 0; ; index++) {
      if (end === ']') {
        this.lines.set(JSON.stringify([...path, index]), this.#lineAt(this.token.offset))
      }
      item(index)
      if (this.token.text === end) return this.#advance()
      this.#expect(',', `"," or "${end}"`)
    }
  }

  #expect(sign: string, expected = `"${sign}"`): void {
    if (this.token.text !== sign) this.fail(expected)
    this.#advance()
  }

  #advance(): void {
    this.token = this.#read()
  }

  #read(): Token {
    TOKEN.lastIndex = this.#next
    const [all = '', sign, string, literal, comment] = TOKEN.exec(this.#text) ?? []
    const text = sign ?? string ?? literal ?? ''
    this.#next += all.length
    const offset = this.#next - text.length - (comment?.length ?? 0)
    if (sign !== undefined) return { text, kind: 'sign', offset }
    if (string !== undefined) return { text, kind: 'string', offset }
    if (literal !== undefined) return { text, kind: 'literal', offset }
    if (comment !== undefined) return { text, kind: 'comment', offset }
    return { text, kind: offset === this.#text.length ? 'end' : 'unknown', offset }
  }

  /** What is asked for lies further on each time. */
  #lineAt(offset: number): number {
    if (offset < this.#counted) return lineAt(this.#text, offset)
    for (let at = this.#counted; at < offset; at++) if (this.#text[at] === '\n') this.#line++
    this.#counted = offset
    return this.#line
  }
}

/** The line of `offset` in `text`, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function quoted(rest: string): string {
  return JSON.stringify(/^\S{1,20}/.exec(rest)?.[0] ?? rest.slice(0, 1))
}

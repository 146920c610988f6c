/** The UTF-8 byte order mark, as the latin1 decoding shows it. */
export const UTF8_BOM = '\u00ef\u00bb\u00bf'

/** A line of an env file, or several lines when a quoted value spans them. */
export interface EnvStatement {
  /** Offset of the first character. */
  readonly start: number
  /** Offset behind the last character, the line break included. */
  readonly end: number
  /** Number of the first line; the file's first line is 1. */
  readonly line: number
  /** Undefined for comments, blank lines and everything else that sets no variable. */
  readonly name: string | undefined
  /** Without quotes and comment; `''` when there is no name. */
  readonly value: string
}

const NAME = /^[\w.-]+$/

/**
 * Splits an env file into its statements, in order; together they cover everything after a BOM.
 *
 * The grammar is that of `util.parseEnv` in Node 24: quotes of three kinds, no escaped quotes, an
 * unclosed quote is an ordinary character. Takes time linear in the length of the text.
 */
export function* envStatements(text: string): Generator<EnvStatement, void, undefined> {
  let start = text.startsWith(UTF8_BOM) ? UTF8_BOM.length : 0
  for (let line = 1; start < text.length;) {
    const statement = readStatement(text, start)
    yield { start, line, ...statement }
    for (let at = start; at < statement.end; at = endOfLine(text, at)) line++
    start = statement.end
  }
}

function readStatement(text: string, start: number): Pick<EnvStatement, 'end' | 'name' | 'value'> {
  const lineEnd = endOfLine(text, start)
  const line = text.slice(start, lineEnd)
  const equals = line.indexOf('=')
  const left = trimBlanks(line.slice(0, Math.max(equals, 0)))
  if (left === '' || left.startsWith('#')) return { end: lineEnd, name: undefined, value: '' }

  const { end, value } = readValue(text, start + equals + 1, lineEnd)
  const name = trimBlanks(left.replace(/^export[ \t]/, ''))
  // A line with an unusable name sets nothing, but a quoted value of it still spans its lines.
  return NAME.test(name) ? { end, name, value } : { end, name: undefined, value: '' }
}

function readValue(text: string, from: number, lineEnd: number): { end: number; value: string } {
  let at = from
  while (at < lineEnd && isBlank(text.charCodeAt(at))) at++

  const quote = text.charAt(at)
  const quoted = quote === '"' || quote === "'" || quote === '`'
  // A search that fails scans the whole rest, but then no quote of its kind is left to ask again.
  const close = quoted ? text.indexOf(quote, at + 1) : -1
  if (close !== -1) {
    const inner = text.slice(at + 1, close).replaceAll('\r', '')
    const value = quote === '"' ? inner.replaceAll('\\n', '\n') : inner
    return { end: endOfLine(text, close), value }
  }

  const rest = text.slice(at, lineEnd).replace('\n', '').replaceAll('\r', '')
  if (quoted) return { end: lineEnd, value: rest }
  const comment = rest.indexOf('#')
  return { end: lineEnd, value: trimBlanks(comment === -1 ? rest : rest.slice(0, comment)) }
}

function endOfLine(text: string, from: number): number {
  const lineBreak = text.indexOf('\n', from)
  return lineBreak === -1 ? text.length : lineBreak + 1
}

/** Not `trim()`: that also takes bytes such as 0xA0, which end many a UTF-8 letter. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Space, tab and the CR of a CRLF. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d
}

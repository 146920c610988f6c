/** White space, strings, numbers and words as JSON has them; anything else is one wrong character. */
const TOKEN =
  // eslint-disable-next-line no-control-regex -- a string may not hold them
  /[\t\n\r ]+|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)|[[\]{}:,]/y

/** A place in a text; both counted from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}

/**
 * Where `text` stops being JSON, which engines say in different ways or not at all.
 *
 * @returns `undefined` for valid JSON.
 */
export function findJsonError(text: string): TextPlace | undefined {
  const offset = errorOffset(text)
  if (offset === undefined) return undefined
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** What may come next: a value, the first entry of a container or its end, or what follows a value. */
type Expected = 'value' | 'first' | 'key' | 'colon' | 'after'

function errorOffset(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let offset = 0
  while (offset < text.length) {
    TOKEN.lastIndex = offset
    const token = TOKEN.exec(text)?.[0]
    if (token === undefined) return offset
    if (!/^\s/.test(token)) {
      const next = step(token, expected, open)
      if (!next) return offset
      expected = next
    }
    offset += token.length
  }
  return open.length === 0 && expected === 'after' ? undefined : text.length
}

/** What is expected behind `token`; `undefined` when it may not stand there. */
function step(token: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const inside = open.at(-1)
  const isEnd = token === '}' || token === ']'
  if (isEnd) {
    if (expected !== 'after' && expected !== 'first') return undefined
    if (inside !== (token === '}' ? '{' : '[')) return undefined
    open.pop()
    return 'after'
  }
  if (expected === 'after') {
    if (token !== ',' || !inside) return undefined
    return inside === '{' ? 'key' : 'value'
  }
  if (expected === 'colon') return token === ':' ? 'value' : undefined
  if (expected === 'key' || (expected === 'first' && inside === '{')) {
    return token.startsWith('"') ? 'colon' : undefined
  }
  if (token === '{' || token === '[') {
    open.push(token)
    return 'first'
  }
  return token === ',' || token === ':' ? undefined : 'after'
}

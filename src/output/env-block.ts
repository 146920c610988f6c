import { type EnvStatement, envStatements, UTF8_BOM } from './env-syntax.ts'

/** A managed block in an env file, as offsets into the text. */
export interface EnvBlock {
  /** First character of the start marker. */
  readonly start: number
  /** Behind the line break of the last line that belongs to the block. */
  readonly end: number
  /** Length of the line break before `start` that came with the block: 0, 1 or 2. */
  readonly separator: number
  /** The lines between the markers that this tool could have written. */
  readonly variables: ReadonlyMap<string, string>
}

const START = '# >>> unplugin-ports'
const END = '# <<< unplugin-ports'
const NOTE = ': written at every start, edits inside are lost'
/** Ends the start marker when the file had no final line break, so that removal can take it back. */
const JOINED = ' (the line break above too)'

const NAME = /^[\w.-]+$/
const PRINTABLE_ASCII = /^[!-~]*$/
/** What env parsers and variable expansion read as something else. */
const SPECIAL = /["'`#$\\]/
/** Narrow, because behind a lost end marker only this tells our lines from the user's. */
const PORT_OR_URL_LINE = /^[\w.-]+=(?:[1-9]\d{1,4}|https?:\/\/[\w.:[\]-]+:\d{1,5})$/

/**
 * The managed blocks of an env file in order; more than one only when somebody copied one.
 *
 * A start marker without an end owns the ports and URLs right below it, nothing else. Markers
 * inside quoted values are part of the value.
 *
 * @param text latin1 decoding of the file, so that every byte survives
 */
export function findEnvBlocks(text: string): EnvBlock[] {
  const blocks: EnvBlock[] = []
  let open: { marker: EnvStatement; body: EnvStatement[] } | undefined
  for (const statement of envStatements(text)) {
    const comment = text.startsWith('# ', statement.start) ? lineOf(text, statement) : ''
    if (comment === START || comment.startsWith(`${START}:`)) {
      if (open) blocks.push(damagedBlock(text, open.marker, open.body))
      open = { marker: statement, body: [] }
    } else if (comment === END && open) {
      blocks.push(blockOf(text, open.marker, open.body, statement.end))
      open = undefined
    } else {
      open?.body.push(statement)
    }
  }
  if (open) blocks.push(damagedBlock(text, open.marker, open.body))
  return blocks
}

/** Variables of the managed block, in its order; empty when there is none. */
export function readEnvBlock(text: string): ReadonlyMap<string, string> {
  return findEnvBlocks(text)[0]?.variables ?? new Map()
}

/**
 * Puts `variables` in place of the managed block, or at the end of a text without one, where they
 * win over earlier lines. An empty map takes the block out again. Copies of the block go; every
 * other byte stays as it is.
 *
 * @param text latin1 decoding of the file
 * @throws TypeError for a name or value that would need quotes.
 */
export function replaceEnvBlock(text: string, variables: ReadonlyMap<string, string>): string {
  for (const [name, value] of variables) assertPlain(name, value)

  const blocks = findEnvBlocks(text)
  if (variables.size === 0) return withoutBlocks(text, 0, blocks)

  const [first, ...copies] = blocks
  const after = first ? withoutBlocks(text, first.end, copies) : ''
  const joined = first ? first.separator > 0 && after === '' : !isAtLineStart(text)
  const before = first ? text.slice(0, first.start - (joined ? first.separator : 0)) : text
  const eol = dominantEol(before, after)
  const lines = [
    `${START}${NOTE}${joined ? JOINED : ''}`,
    ...Array.from(variables, ([name, value]) => `${name}=${value}`),
    END,
  ]
  return before + (joined ? eol : '') + lines.map((line) => line + eol).join('') + after
}

function blockOf(text: string, marker: EnvStatement, body: EnvStatement[], end: number): EnvBlock {
  const variables = new Map<string, string>()
  for (const { name, value } of body) {
    if (name !== undefined && isPlain(name, value)) variables.set(name, value)
  }
  return { start: marker.start, end, separator: separatorOf(text, marker), variables }
}

function damagedBlock(text: string, marker: EnvStatement, body: EnvStatement[]): EnvBlock {
  const foreign = body.findIndex((line) => !PORT_OR_URL_LINE.test(lineOf(text, line)))
  const own = foreign === -1 ? body : body.slice(0, foreign)
  return blockOf(text, marker, own, own.at(-1)?.end ?? marker.end)
}

function separatorOf(text: string, marker: EnvStatement): number {
  if (!lineOf(text, marker).endsWith(JOINED)) return 0
  // The block's own line break tells which one was added: the byte before it may be the user's CR.
  const eol = text.endsWith('\r\n', marker.end) ? '\r\n' : '\n'
  return text.endsWith(eol, marker.start) ? eol.length : 0
}

/** The text from `from` on. One pass, as the number of blocks is up to whoever edits the file. */
function withoutBlocks(text: string, from: number, blocks: readonly EnvBlock[]): string {
  const kept: string[] = []
  let until = text.length
  let atEnd = true
  for (const block of blocks.toReversed()) {
    kept.push(text.slice(block.end, until))
    atEnd &&= block.end >= until
    // With lines of the user below, the separator has become the end of the user's line above.
    until = block.start - (atEnd ? block.separator : 0)
  }
  return text.slice(from, until) + kept.toReversed().join('')
}

function lineOf(text: string, { start, end }: EnvStatement): string {
  return text.slice(start, end).trimEnd()
}

function isAtLineStart(text: string): boolean {
  return text === '' || text === UTF8_BOM || text.endsWith('\n')
}

function dominantEol(...texts: string[]): '\n' | '\r\n' {
  let crlf = 0
  let lf = 0
  for (const text of texts) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      if (text[at - 1] === '\r') crlf++
      else lf++
    }
  }
  return crlf > lf ? '\r\n' : '\n'
}

function isPlain(name: string, value: string): boolean {
  return NAME.test(name) && PRINTABLE_ASCII.test(value) && !SPECIAL.test(value)
}

function assertPlain(name: string, value: string): void {
  if (isPlain(name, value)) return
  throw new TypeError(`${JSON.stringify(`${name}=${value}`)} can't stand in an env file unquoted`)
}

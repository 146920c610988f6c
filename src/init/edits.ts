import type { SyntaxNode } from './syntax.ts'

/** Text that is put in at an offset of a plain text. */
export interface Insertion {
  readonly at: number
  readonly text: string
}

/** The file with every insertion in it; all its own bytes, line ends included, stay. */
export function insertAll(original: string, insertions: readonly Insertion[]): string {
  const lineEnd = original.includes('\r\n') ? '\r\n' : '\n'
  const positions = originalOffsets(original)
  let text = original
  for (const { at, text: added } of insertions.toSorted((a, b) => b.at - a.at)) {
    const position = positions[at] ?? original.length
    text = text.slice(0, position) + added.replaceAll('\n', lineEnd) + text.slice(position)
  }
  return text
}

/** For every offset of the plain text the one in the file. */
function originalOffsets(original: string): number[] {
  const offsets: number[] = []
  for (let at = original.startsWith('\uFEFF') ? 1 : 0; at <= original.length; at++) {
    offsets.push(at)
    // The pair is one character of the plain text.
    if (original.startsWith('\r\n', at)) at++
  }
  return offsets
}

/** How deep the first indented line is indented; two spaces when none is. */
export function indentUnit(text: string): string {
  return /^(\t|[ ]{2,8})\S/m.exec(text)?.[1] ?? '  '
}

/** The white space that a line begins with. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^[\t ]*/.exec(text.slice(start))?.[0] ?? ''
}

/** Offset of the line break that ends the line of `offset`; else the end of the text. */
export function lineEndAt(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end
}

/**
 * Puts `item` behind the last of the items of an array or object literal, in the way in which that
 * is laid out.
 *
 * @param text The plain text; see `plainText`.
 * @param trailing Puts a comma behind the first item of a list on several lines, which JSON has not.
 */
export function appendItem(
  text: string,
  list: SyntaxNode,
  items: readonly SyntaxNode[],
  item: string,
  trailing = true,
): Insertion[] {
  const last = items.at(-1)
  const close = list.end - 1
  if (!last) return appendFirst(text, list, trailing ? `${item},` : item)
  if (!text.slice(last.end, close).includes('\n')) return [{ at: last.end, text: `, ${item}` }]
  const indent = indentAt(text, last.start)
  const hasComma = commaBehind(text, last.end, close)
  // Behind a comment that says something about the last item.
  const at = lineEndAt(text, last.end)
  if (hasComma) return [{ at, text: `\n${indent}${item},` }]
  if (at === last.end) return [{ at, text: `,\n${indent}${item}` }]
  return [
    { at: last.end, text: ',' },
    { at, text: `\n${indent}${item}` },
  ]
}

function appendFirst(text: string, list: SyntaxNode, item: string): Insertion[] {
  const close = list.end - 1
  const inside = text.slice(list.start + 1, close)
  const outer = indentAt(text, list.start)
  const inner = outer + indentUnit(text)
  if (inside.includes('\n')) {
    const lineStart = text.lastIndexOf('\n', close) + 1
    const isAlone = text.slice(lineStart, close).trim() === ''
    return [
      isAlone
        ? { at: lineStart, text: `${inner}${item}\n` }
        : { at: close, text: `\n${inner}${item}\n${outer}` },
    ]
  }
  // An empty object that gets something is better read on lines of its own.
  if (list.type === 'ObjectExpression') {
    return [{ at: close, text: `\n${inner}${item}\n${outer}` }]
  }
  return [{ at: close, text: item.replace(/,$/, '') }]
}

function commaBehind(text: string, from: number, to: number): boolean {
  const between = text
    .slice(from, to)
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\/\/[^\n]*/g, '')
  return between.includes(',')
}

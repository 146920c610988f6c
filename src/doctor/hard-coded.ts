/** A port that stands in a text as `localhost:PORT`. */
export interface HardCoded {
  /** Counted from 1. */
  readonly line: number
  readonly port: number
  /** What was found: `http://localhost:3000`. */
  readonly text: string
}

const ADDRESS =
  /(?:\b(?:https?|wss?):\/\/|(?<=["'`=\s]))(?:localhost|127\.0\.0\.1|\[::1\]):(\d{2,5})(?![\d.])/g
const COMMENT = /^\s*(?:\/\/|\/?\*|#|<!--)/
/** The address is only what is taken without a variable, or an answer to somebody who asked. */
const FALLBACK = /\benv\b|\?\?|\|\||ports doctor: ignore|\bexample\b/
/** Longer lines were written by a program. */
const MAX_LINE = 500

/**
 * The addresses in a text that a second checkout would share. Conservative: comments, lines that
 * read a variable first, and lines with `ports doctor: ignore` are passed over.
 */
export function findHardCoded(text: string): HardCoded[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.length > MAX_LINE || COMMENT.test(line) || FALLBACK.test(line)) return []
    const comment = line.search(/\s\/\/\s/)
    return Array.from(line.matchAll(ADDRESS)).flatMap((match): HardCoded[] => {
      const port = Number(match[1])
      if (port < 1 || port > 65_535 || (comment !== -1 && match.index > comment)) return []
      return [{ line: index + 1, port, text: match[0] }]
    })
  })
}

/** A port that stands in a text as `localhost:PORT`. */
export interface HardCoded {
  /** Counted from 1. */
  readonly line: number
  readonly port: number
  /** What was found: `http://localhost:3000`. */
  readonly text: string
}

const ADDRESS = String.raw`(?:localhost|127\.0\.0\.1|\[::1\]):(\d{2,5})(?![\d.])`
/** In code a string begins with it; one in the middle of a sentence is a message to people. */
const IN_CODE = new RegExp(String.raw`(?<=["'\x60])(?:(?:https?|wss?)://)?${ADDRESS}`, 'g')
/** In env files and scripts it is a value or an argument. */
const IN_TEXT = new RegExp(String.raw`(?<=["'=\s])(?:(?:https?|wss?)://)?${ADDRESS}`, 'g')
const COMMENT = /^\s*(?:\/\/|\/?\*|#|<!--)/
/** The address is only what is taken without a variable, or an answer to somebody who asked. */
const FALLBACK = /\benv\b|\?\?|\|\||ports doctor: ignore|\bexample\b/
/** Longer lines were written by a program. */
const MAX_LINE = 500

/**
 * The addresses in a text that a second checkout would share. Conservative: comments, lines that
 * read a variable first, and lines with `ports doctor: ignore` are passed over.
 *
 * @param kind `'text'` for env files and `package.json`.
 */
export function findHardCoded(text: string, kind: 'code' | 'text'): HardCoded[] {
  const pattern = kind === 'code' ? IN_CODE : IN_TEXT
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.length > MAX_LINE || COMMENT.test(line) || FALLBACK.test(line)) return []
    const comment = line.search(/\s\/\/\s/)
    return Array.from(line.matchAll(pattern)).flatMap((match): HardCoded[] => {
      const port = Number(match[1])
      if (port < 1 || port > 65_535 || (comment !== -1 && match.index > comment)) return []
      return [{ line: index + 1, port, text: match[0] }]
    })
  })
}

import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'

/** A line without an end is cut here, in characters: a program may never write a line break. */
const MAX_LENGTH = 16_384

/** Makes whole lines of what a program writes. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** Takes what was written, wherever it was cut. */
  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk))
  }

  /** Nothing comes any more: what has no line break is a line as well. */
  end(): void {
    this.#take(this.#decoder.end())
    if (this.#rest !== '') this.#onLine(this.#rest)
    this.#rest = ''
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    while (this.#rest.length > MAX_LENGTH) {
      this.#onLine(this.#rest.slice(0, MAX_LENGTH))
      this.#rest = this.#rest.slice(MAX_LENGTH)
    }
  }
}

// eslint-disable-next-line no-control-regex
const COLOR = /(\u001b\[[\d;:]*m)/

/**
 * A line that may stand beside others': colours stay where they are wanted, but nothing that moves
 * the cursor or clears the screen.
 */
export function tidyLine(line: string, colors: boolean): string {
  // What was overwritten by the program itself would not have been seen either.
  const last = line.slice(line.lastIndexOf('\r') + 1)
  if (!colors) return withoutControls(stripVTControlCharacters(last))
  let colored = false
  const parts = last.split(COLOR).map((part) => {
    const isColor = COLOR.test(part)
    colored ||= isColor
    return isColor ? part : withoutControls(stripVTControlCharacters(part))
  })
  return colored ? `${parts.join('')}\u001b[0m` : parts.join('')
}

function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
}

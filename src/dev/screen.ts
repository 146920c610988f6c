import type { Terminal } from './terminal.ts'

const CLEAR_LINE = '\r\u001b[2K'

/** Prints lines above a status line that stays the last one; without a terminal there is none. */
export class Screen {
  readonly #terminal: Terminal
  readonly #status: () => string
  #shown = false
  #closed = false

  /** @param status The status line as it is now, without a line break. */
  constructor(terminal: Terminal, status: () => string) {
    this.#terminal = terminal
    this.#status = status
  }

  /** Prints whole lines. */
  print(stream: 'stdout' | 'stderr', text: string): void {
    this.#clear()
    this.#terminal.write(stream, `${text}\n`)
    this.refresh()
  }

  /** Draws the status line anew. */
  refresh(): void {
    const { isInteractive } = this.#terminal
    if (!isInteractive || this.#closed) return
    this.#clear()
    this.#terminal.write('stdout', this.#status())
    this.#shown = true
  }

  /** Takes the status line away; lines may be printed still. */
  close(): void {
    this.#clear()
    this.#closed = true
  }

  #clear(): void {
    if (this.#shown) this.#terminal.write('stdout', CLEAR_LINE)
    this.#shown = false
  }
}

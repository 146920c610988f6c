import type colors from 'picocolors'

/** The colours that are used. */
export type Colors = ReturnType<typeof colors.createColors>

/** Where a `ports dev` prints, and what it learns from the keyboard. */
export interface Terminal {
  /** Prints to one of the streams as it is. */
  write(stream: 'stdout' | 'stderr', text: string): void
  readonly columns: number
  readonly colors: Colors
  /** Lines can be overwritten, and keys can be read. */
  readonly isInteractive: boolean
  /** Calls `onKey` for each key until disposed of; does nothing without a keyboard. */
  readKeys(onKey: (key: string) => void): Disposable
}

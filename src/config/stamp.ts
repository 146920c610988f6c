import { statSync } from 'node:fs'

/** A text that differs after every edit of `file`, be it in place or by a new file of that name; empty without one. */
export function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return [mtimeMs, size, ino].join(':')
  } catch {
    // Whoever reads the file says what is wrong with it.
    return ''
  }
}

import { renameSync, writeFileSync } from 'node:fs'

/** Writes a watched file in one step, as whoever reads it meanwhile would see half of it otherwise. */
export function replaceFile(file: string, text: string): void {
  const other = `${file}.new`
  writeFileSync(other, text)
  renameSync(other, file)
}

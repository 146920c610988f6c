import { cpus } from 'node:os'
import { writeFileSync } from 'node:fs'

/** A row of a result: the contender's name, and what was found about it. */
export type Row = { readonly name: string } & Readonly<Record<string, string | number>>

/** A measured question. */
export interface Result {
  readonly title: string
  readonly rows: readonly Row[]
}

/** Prints a result as a table. */
export function print({ title, rows }: Result): void {
  const columns = Object.keys(rows[0] ?? {})
  const cells = rows.map((row) => columns.map((column) => show(row[column] ?? '')))
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
  console.log([`\n${title}`, line(columns), ...cells.map(line)].join('\n'))
}

/** Writes all results with the machine that they come from. */
export function save(file: string, results: readonly Result[]): void {
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? '',
    cpus: cpus().length,
  }
  writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`)
}

function show(value: string | number): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 1 ? 2 : 3)
}

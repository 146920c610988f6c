import { readFileSync } from 'node:fs'
import { type Examination, examine } from '../../doctor/examine.ts'
import type { Finding, Severity } from '../../doctor/finding.ts'
import { type Repaired, repairAll } from '../../doctor/repair.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { nearPath } from '../../reservation/holder-text.ts'
import { wrapText } from '../../utils/wrap-text.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'

/** Findings of one code that are shown; `--json` has all. */
const MAX_SHOWN = 10
const INDENT = '  '

/** `ports doctor` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const examination = await examine(here, { place, env }, ownVersion())
  const { findings } = examination
  const repaired: Repaired[] = input.has('fix')
    ? await repairAll(findings, here)
    : findings.map((finding) => ({ finding }))
  const left = repaired.filter(({ done }) => done === undefined)
  const isWell = left.every(({ finding }) => finding.severity === 'note')
  if (input.has('json')) {
    const { checked, skipped } = examination
    io.json({ v: 1, ok: isWell, findings: repaired.map(toJson), checked, skipped })
  } else print(repaired, examination, here.checkout.dir, io)
  return isWell ? EXIT.ok : EXIT.failed
}

/** `src` and the built files lie equally deep or one deeper. */
function ownVersion(): string {
  for (const path of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8')
      const { name, version } = JSON.parse(text) as { name?: string; version: string }
      if (name === 'unplugin-ports') return version
    } catch {
      // Not there.
    }
  }
  return 'unknown'
}

function toJson({ finding, done, problem }: Repaired): object {
  const { repair, ...facts } = finding
  return {
    ...facts,
    fixable: repair !== undefined,
    ...(done !== undefined && { fixed: done }),
    ...(problem !== undefined && { problem }),
  }
}

function print(
  repaired: readonly Repaired[],
  { checked, skipped }: Examination,
  from: string,
  io: Io,
): void {
  const shown = new Map<string, number>()
  for (const one of repaired) {
    const { code } = one.finding
    const count = (shown.get(code) ?? 0) + 1
    shown.set(code, count)
    if (count <= MAX_SHOWN) printFinding(one, from, io)
  }
  for (const [code, count] of shown) {
    if (count > MAX_SHOWN) io.out(`… and ${count - MAX_SHOWN} more of ${code}; --json has all.\n`)
  }
  for (const { check, why } of skipped) io.err(`${check} could not be checked: ${why}`)
  io.out(verdict(repaired, checked.length))
}

function printFinding({ finding, done, problem }: Repaired, from: string, io: Io): void {
  const { severity, code, message, fix, file, line } = finding
  const paint = { error: io.colors.red, warning: io.colors.yellow, note: io.colors.cyan }[severity]
  io.out(`${paint(done === undefined ? severity : 'fixed')}  ${io.colors.dim(code)}`)
  const text = file === undefined ? message : message.replaceAll(file, nearPath(file, from))
  const where = line === undefined ? '' : `:${line}`
  const lines = [
    text,
    done ?? fix,
    ...(problem === undefined ? [] : [`Not fixed${where}: ${problem}.`]),
  ]
  for (const paragraph of lines) {
    for (const row of wrapText(paragraph, io.columns - INDENT.length)) io.out(INDENT + row)
  }
  io.out('')
}

function verdict(repaired: readonly Repaired[], checks: number): string {
  const left = repaired.filter(({ done }) => done === undefined).map(({ finding }) => finding)
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) =>
    countOf(severity, left),
  )
  const fixed = repaired.length - left.length
  if (fixed > 0) counts.push(`${fixed} fixed`)
  return counts.length === 0 ? `Nothing is wrong (${checks} checks).` : `${counts.join(', ')}.`
}

function countOf(severity: Severity, findings: readonly Finding[]): string[] {
  const count = findings.filter((finding) => finding.severity === severity).length
  if (count === 0) return []
  return [`${count} ${severity}${count === 1 ? '' : 's'}`]
}

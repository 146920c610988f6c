import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStat } from '../../utils/process-stat.ts'
import type { ProcessRow } from './process-row.ts'

/** Lists processes from `/proc`; the mark is a variable of the environment they started with. */
export async function listLinux(mark: string, procRoot = '/proc'): Promise<ProcessRow[]> {
  const names = (await readdir(procRoot)).filter((name) => /^\d+$/.test(name))
  const rows = await Promise.all(names.map((name) => readRow(procRoot, name, mark)))
  return rows.filter((row) => row !== undefined)
}

async function readRow(
  procRoot: string,
  name: string,
  mark: string,
): Promise<ProcessRow | undefined> {
  const [stat, environment] = await Promise.all([
    readFile(join(procRoot, name, 'stat'), 'utf8').catch(() => ''),
    // Other users' are none of ours.
    readFile(join(procRoot, name, 'environ'), 'latin1').catch(() => ''),
  ])
  const facts = parseStat(stat)
  if (!facts || facts.state === 'Z' || facts.state === 'X') return undefined
  return {
    pid: Number(name),
    parent: facts.parent,
    started: String(facts.startTicks),
    marked: `\0${environment}`.includes(`\0${mark}\0`),
  }
}

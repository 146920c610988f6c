import { readFileSync } from 'node:fs'
import { parseStat } from './process-stat.ts'

/** Tells one process from another that has got the same pid later. */
export interface ProcessMark {
  readonly pid: number
  /** Ticks since boot; `undefined` where the system doesn't tell cheaply. */
  readonly startTicks: number | undefined
}

/** The mark of a living process; `undefined` when there is none of that pid. */
export function processMark(pid: number): ProcessMark | undefined {
  const stat = readStat(pid)
  // A signal reaches a zombie as well, so only `/proc` can tell that it is dead.
  if (stat) return /[ZX]/.test(stat.state) ? undefined : { pid, startTicks: stat.startTicks }
  return isAlive(pid) ? { pid, startTicks: undefined } : undefined
}

/** Whether the marked process still lives. */
export function isSameProcess({ pid, startTicks }: ProcessMark): boolean {
  const mark = processMark(pid)
  return mark !== undefined && mark.startTicks === startTicks
}

function readStat(pid: number): ReturnType<typeof parseStat> {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // Gone, or a system without `/proc`.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

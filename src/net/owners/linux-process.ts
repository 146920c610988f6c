import { open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessFacts } from './types.ts'

/** The parts of `/proc/<pid>/stat` that are used here. */
export interface ProcessStat {
  /** At most 15 bytes, chosen by the process: may contain anything, parentheses and spaces too. */
  readonly name: string
  /** One letter; `Z` and `X` are dead. */
  readonly state: string
  /** The process that started it, or whoever took it over when that ended. */
  readonly parent: number
  /** Start time in ticks since boot. */
  readonly startTicks: number
}

/** `USER_HZ`: what the kernel shows to programs is in 1/100 s on every architecture Node runs on. */
const TICK_MS = 10

/** Enough to recognise a command; the kernel's own limit is in the megabytes. */
const MAX_READ_BYTES = 4096

/** Parses `/proc/<pid>/stat`; undefined when it is cut off or no such line at all. See proc(5). */
export function parseStat(stat: string): ProcessStat | undefined {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  // The first of these is field 3, so field 22 is at 19.
  const fields = stat
    .slice(close + 1)
    .trim()
    .split(' ')
  const [state, parent, startTicks] = [fields[0], Number(fields[1]), fields[19]]
  if (!state || !startTicks || !/^\d+$/.test(startTicks)) return undefined
  return { name: stat.slice(open + 1, close), state, parent, startTicks: Number(startTicks) }
}

/**
 * Joins NUL-terminated arguments. Those with white space get double quotes, with quotes and
 * backslashes inside escaped as on Windows, so that they can be told apart again.
 */
export function parseCommandLine(cmdline: string): string {
  const argv = cmdline.replace(/\0+$/, '').split('\0')
  // A process that sets its title leaves one long argument: "nginx: master process".
  if (argv.length === 1) return argv.join('').trim()
  return argv.map(quote).join(' ')
}

function quote(arg: string): string {
  if (arg !== '' && !/[\s"]/.test(arg)) return arg
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`
}

/**
 * Reads what `/proc/<pid>` tells of a process. Undefined for one that is dead or has vanished.
 *
 * @param bootAtMs when the system started, in milliseconds since 1970; undefined when not known
 */
export async function readProcess(
  processDir: string,
  bootAtMs: number | undefined,
): Promise<ProcessFacts | undefined> {
  const [statText, cmdline, cwd] = await Promise.all([
    readStart(join(processDir, 'stat')),
    readStart(join(processDir, 'cmdline')),
    readlink(join(processDir, 'cwd')).catch(() => undefined),
  ])
  const stat = parseStat(statText)
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined

  const facts: ProcessFacts = { command: parseCommandLine(cmdline) || stat.name }
  // The kernel's mark of a directory that is gone; where the process belonged is worth knowing still.
  if (cwd) facts.cwd = cwd.replace(/ \(deleted\)$/, '')
  if (bootAtMs !== undefined) {
    const startedAt = new Date(bootAtMs + stat.startTicks * TICK_MS)
    if (!Number.isNaN(startedAt.getTime())) facts.startedAt = startedAt.toISOString()
  }
  return facts
}

/** The first 4 KiB of a file; empty when it can't be read: pids vanish while one looks at them. */
async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_READ_BYTES), 0, MAX_READ_BYTES)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

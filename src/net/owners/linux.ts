import { readdirSync, readlinkSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { readProcess } from './linux-process.ts'
import { type ListenRow, parseListenRows } from './linux-sockets.ts'
import { parseUnixListeners } from './linux-unix.ts'
import { readListenTable } from './listen-table.ts'
import type { Deadline, Findings, ListeningSocket } from './types.ts'

/**
 * Links are read in one go for so long, in milliseconds. Each by itself would need a turn of the event
 * loop, and while a bundler compiles in this process there are only a few turns in a second.
 */
const SLICE_MS = 4

/** Where {@link searchLinux} looks; other than the defaults in tests. */
export interface LinuxSearchOptions {
  /** @default '/proc' */
  procRoot?: string
  /** Looked at first, as our own sockets are the likeliest. Default: this process. */
  ownPid?: number
  /** @default 'tcp' */
  protocol?: 'tcp' | 'udp'
}

/** Finds servers in `/proc/net/tcp{,6}` or `udp{,6}` and the processes that have their sockets. */
export async function searchLinux(
  ports: ReadonlySet<number>,
  findings: Findings,
  deadline: Deadline,
  options: LinuxSearchOptions = {},
): Promise<void> {
  const { procRoot = '/proc', protocol = 'tcp' } = options
  await findProcesses(await readListenRows(procRoot, ports, protocol), findings, deadline, options)
}

/** Finds who listens on the socket at `path`; it is in the findings as port 0. */
export async function searchLinuxPath(
  path: string,
  findings: Findings,
  deadline: Deadline,
  options: LinuxSearchOptions = {},
): Promise<void> {
  const table = await readOptional(join(options.procRoot ?? '/proc', 'net/unix'))
  const rows = parseUnixListeners(table, path).map((inode) => ({ port: 0, inode }))
  await findProcesses(rows, findings, deadline, options)
}

/**
 * The processes of sockets, by the links in `/proc/<pid>/fd`.
 *
 * All processes are looked at, also after every socket has been found once: a worker may come up
 * before the process that made the socket.
 */
async function findProcesses(
  rows: readonly ListenRow[],
  findings: Findings,
  deadline: Deadline,
  { procRoot = '/proc', ownPid = process.pid }: LinuxSearchOptions,
): Promise<void> {
  const byLink = new Map<string, ListeningSocket>()
  for (const { port, inode } of rows) {
    const socket: ListeningSocket = { port, pids: new Set() }
    findings.sockets.push(socket)
    byLink.set(`socket:[${inode}]`, socket)
  }
  if (byLink.size === 0) return

  const bootAtMs = await readBootTime(procRoot)
  const pids = await listPids(procRoot, ownPid)
  let pauseAt = performance.now() + SLICE_MS
  for (const pid of pids) {
    if (deadline.remainingMs() <= 0) return
    const processDir = join(procRoot, String(pid))
    const held = heldSockets(processDir, byLink)
    if (held.length > 0) {
      const facts = await readProcess(processDir, bootAtMs)
      if (!facts) continue
      findings.processes.set(pid, facts)
      for (const socket of held) socket.pids.add(pid)
    }
    if (performance.now() < pauseAt) continue
    await setImmediate()
    pauseAt = performance.now() + SLICE_MS
  }
}

/** The servers on `ports`, or on any port; nothing where the tables can't be read. */
export async function readListenRows(
  procRoot: string,
  ports?: ReadonlySet<number>,
  protocol: 'tcp' | 'udp' = 'tcp',
): Promise<ListenRow[]> {
  const names = [protocol, `${protocol}6`]
  const tables = names.map((name) => {
    const path = join(procRoot, 'net', name)
    return protocol === 'tcp' ? readListenTable(path).catch(() => '') : readOptional(path)
  })
  return (await Promise.all(tables)).flatMap((table) => parseListenRows(table, ports, protocol))
}

/** When the system started, in milliseconds since 1970; `undefined` when it does not say. */
export async function readBootTime(procRoot: string): Promise<number | undefined> {
  const boot = /^btime (\d+)$/m.exec(await readOptional(join(procRoot, 'stat')))?.[1]
  return boot === undefined ? undefined : Number(boot) * 1000
}

/** Youngest first, since what takes a developer's port was usually started not long ago. */
async function listPids(procRoot: string, ownPid: number): Promise<number[]> {
  const names = (await readdir(procRoot)).filter((name) => /^\d+$/.test(name))
  const others = names.map(Number).filter((pid) => pid !== ownPid)
  return [ownPid, ...others.toSorted((a, b) => b - a)]
}

function heldSockets(
  processDir: string,
  byLink: ReadonlyMap<string, ListeningSocket>,
): ListeningSocket[] {
  const held = new Set<ListeningSocket>()
  const fdDir = join(processDir, 'fd')
  for (const fd of orEmpty(() => readdirSync(fdDir))) {
    const socket = byLink.get(orEmpty(() => readlinkSync(join(fdDir, fd))).toString())
    if (socket) held.add(socket)
  }
  return [...held]
}

/** Nothing of another user's process, or of one that has just ended. */
function orEmpty<T extends string | string[]>(read: () => T): T | never[] {
  try {
    return read()
  } catch {
    return []
  }
}

/** Empty when the file can't be read: without IPv6 there is no `tcp6`. */
function readOptional(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

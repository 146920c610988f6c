import { readFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { readProcess } from './linux-process.ts'
import { type ListenRow, parseListenRows } from './linux-sockets.ts'
import { parseUnixListeners } from './linux-unix.ts'
import type { Deadline, Findings, ListeningSocket } from './types.ts'

/** libuv has four threads for file access; more at once would only queue up in front of others' reads. */
const CONCURRENCY = 4

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
  const queue = pids.values()
  const visitRest = async (): Promise<void> => {
    for (const pid of queue) {
      if (deadline.remainingMs() <= 0) return
      const processDir = join(procRoot, String(pid))
      const held = await heldSockets(processDir, byLink, deadline)
      if (held.length === 0) continue
      const facts = await readProcess(processDir, bootAtMs)
      if (!facts) continue
      findings.processes.set(pid, facts)
      for (const socket of held) socket.pids.add(pid)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, visitRest))
}

/** The servers on `ports`, or on any port; nothing where the tables can't be read. */
export async function readListenRows(
  procRoot: string,
  ports?: ReadonlySet<number>,
  protocol: 'tcp' | 'udp' = 'tcp',
): Promise<ListenRow[]> {
  const names = [protocol, `${protocol}6`]
  const tables = names.map((name) => readOptional(join(procRoot, 'net', name)))
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

async function heldSockets(
  processDir: string,
  byLink: ReadonlyMap<string, ListeningSocket>,
  deadline: Deadline,
): Promise<ListeningSocket[]> {
  const held = new Set<ListeningSocket>()
  const fdDir = join(processDir, 'fd')
  // Another user's process, or one that has just ended.
  const fds = await readdir(fdDir).catch(() => [])
  for (const fd of fds) {
    if (deadline.remainingMs() <= 0) break
    const socket = byLink.get(await readlink(join(fdDir, fd)).catch(() => ''))
    if (socket) held.add(socket)
  }
  return [...held]
}

/** Empty when the file can't be read: without IPv6 there is no `tcp6`. */
function readOptional(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

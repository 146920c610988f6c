import { readdirSync, readFileSync } from 'node:fs'
import type { LeaseAnswer } from './answer.ts'
import { askLease, askNamedLease } from './ask.ts'
import { tryFileLock } from './file-lock.ts'
import { isPort } from '../options/ranges.ts'
import { leaseDirectory, leaseName, type LeasePlace, nameOfWords } from './names.ts'

/** Leases that are asked at once; each costs a connection. */
const CONCURRENCY = 64
/** A process that is suspended may have thousands of leases; all together are given up after this, in milliseconds. */
const LIST_TIMEOUT_MS = 3000

/**
 * A listening socket's row of `/proc/net/unix`: flags with `__SO_ACCEPTCON`, and an abstract name,
 * whose NUL is shown as `@`; see {@link padded} for the rest.
 */
const LINUX_ROW = /^[\da-f]+: \S+ \S+ 00010000 .* @unplugin-ports:(\d{1,5})\.*$/gim
const PIPE_NAME = /^unplugin-ports-(\d{1,5})$/
const FILE_NAME = /^(\d{1,5})\.sock$/

/** The same for leases of UDP ports and of paths, of which the name has a hash. */
const LINUX_OTHERS =
  /^[\da-f]+: \S+ \S+ 00010000 .* @unplugin-ports:(udp:\d{1,5}|unix:[\da-f]{16})\.*$/gim
const OTHER_PIPE = /^unplugin-ports-(udp-\d{1,5}|unix-[\da-f]{16})$/
const OTHER_FILE = /^(udp-\d{1,5}|unix-[\da-f]{16})\.sock$/

/**
 * The ports that somebody on this machine has leased, in this tick and without disturbing anybody:
 * what the system lists of local sockets. Costs one read on Linux and Windows; elsewhere one attempt
 * at the lock of each name, since a crash leaves names behind.
 *
 * @returns Nothing where the system does not say.
 */
export function leasedPorts(place: LeasePlace): Set<number> {
  try {
    return new Set(leasedNow(place))
  } catch {
    // No directory means no leases; a sandbox may hide the list, and then nobody can say.
    return new Set()
  }
}

function leasedNow({ platform, stateDir }: LeasePlace): number[] {
  switch (platform) {
    case 'linux':
    case 'android':
      return parseLinuxLeases(readFileSync('/proc/net/unix', 'latin1'))
    case 'win32':
      return portsIn(readdirSync('\\\\.\\pipe\\'), PIPE_NAME)
    default: {
      const ports = portsIn(readdirSync(leaseDirectory(stateDir)), FILE_NAME)
      return ports.filter((port) => isLocked(leaseName(port, platform, stateDir).lock))
    }
  }
}

/** The ports of the leases in the text of `/proc/net/unix`. */
export function parseLinuxLeases(table: string): number[] {
  return Array.from(table.matchAll(LINUX_ROW), ([, port]) => Number(port)).filter(isPort)
}

function portsIn(names: readonly string[], pattern: RegExp): number[] {
  const ports = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
  return ports.filter(isPort)
}

function isLocked(lock: string | undefined): boolean {
  if (lock === undefined) return false
  const found = tryFileLock(lock)
  if (typeof found === 'object') found.release()
  return found === 'taken'
}

/**
 * Every lease on this machine and whose it is, in the order of the ports. An owner that does not
 * answer in time is left out, and so is after three seconds whoever was not asked until then;
 * {@link leasedPorts} has their ports still.
 *
 * @param among Only these ports. Default: all.
 */
export async function listLeases(
  place: LeasePlace,
  among?: (port: number) => boolean,
): Promise<LeaseAnswer[]> {
  const ports = [...leasedPorts(place)].filter((port) => among?.(port) ?? true)
  return askAll(
    ports.toSorted((a, b) => a - b),
    (port) => askLease(port, leaseName(port, place.platform, place.stateDir)),
  )
}

/** The answers in the order of their ports, of as many as can be asked in the time. */
async function askAll<Asked>(
  asked: readonly Asked[],
  ask: (one: Asked) => Promise<LeaseAnswer | undefined>,
): Promise<LeaseAnswer[]> {
  const answers: LeaseAnswer[] = []
  const queue = asked.values()
  const end = performance.now() + LIST_TIMEOUT_MS
  const askRest = async (): Promise<void> => {
    for (const one of queue) {
      if (performance.now() > end) return
      const answer = await ask(one)
      if (answer) answers.push(answer)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, askRest))
  return answers.toSorted((a, b) => a.port - b.port)
}

/** The leases of UDP ports and of socket paths on this machine, with the same limits. */
export async function listOtherLeases(place: LeasePlace): Promise<LeaseAnswer[]> {
  const { platform, stateDir } = place
  return askAll(otherNames(place), (words) => {
    const name = nameOfWords(words, platform, stateDir)
    return askNamedLease(name, (it) => leaseName(it, platform, stateDir).path === name.path)
  })
}

/** The words of their names. */
function otherNames({ platform, stateDir }: LeasePlace): string[][] {
  try {
    switch (platform) {
      case 'linux':
      case 'android':
        return parseOtherLinuxLeases(readFileSync('/proc/net/unix', 'latin1'))
      case 'win32':
        return wordsIn(readdirSync('\\\\.\\pipe\\'), OTHER_PIPE)
      default:
        // What a crash left behind does not answer.
        return wordsIn(readdirSync(leaseDirectory(stateDir)), OTHER_FILE)
    }
  } catch {
    // As in `leasedPorts`.
    return []
  }
}

/** The words of the names of UDP and path leases in the text of `/proc/net/unix`. */
export function parseOtherLinuxLeases(table: string): string[][] {
  return Array.from(table.matchAll(LINUX_OTHERS), ([, name = '']) => name.split(':'))
}

function wordsIn(names: readonly string[], pattern: RegExp): string[][] {
  return names.flatMap((name) => {
    const found = pattern.exec(name)?.[1]
    return found === undefined ? [] : [found.split('-')]
  })
}

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { processMark } from '../utils/process-mark.ts'
import { PLAIN_FILE_FLAGS } from '../utils/plain-file-flags.ts'
import { readBytes } from '../utils/read-text.ts'

/** What a process writes down so that others of its user can give it orders. */
export interface OrderFile {
  readonly path: string
  readonly pid: number
  /** When the process started, in milliseconds since 1970; good to a second. */
  readonly startedAt: number
  /** Where {@link OrderFile.pid} means something: a machine and its set of pids. */
  readonly where: string
  readonly token: string
}

const NAME = /^(\d{1,10})-[\w-]{1,32}\.json$/
const MAX_BYTES = 4096

/** Directory of the order files. */
export function orderDirectory(stateDir: string): string {
  return join(stateDir, 'orders')
}

/** This machine and its set of pids: a container that shares the state directory has pids of its own. */
export function whereWeAre(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // Only Linux has several sets of pids.
    return hostname()
  }
}

/**
 * Writes an order file that only this user can read, and removes those of processes that are gone.
 *
 * @returns The path, or `undefined` where it can't be written: then nobody gives orders.
 */
export function writeOrderFile(
  stateDir: string,
  { pid, startedAt, token }: Pick<OrderFile, 'pid' | 'startedAt' | 'token'>,
): string | undefined {
  const directory = orderDirectory(stateDir)
  const path = join(directory, `${pid}-${randomBytes(6).toString('base64url')}.json`)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const file of staleOrderFiles(stateDir)) removeOrderFile(file.path)
    const text = JSON.stringify({ v: 1, pid, startedAt, where: whereWeAre(), token })
    // A new file under a name that nobody knows: no reader can find half of it.
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
    return path
  } catch {
    removeOrderFile(path)
    return undefined
  }
}

/** Removes an order file. Idempotent, never throws. */
export function removeOrderFile(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // A stale token opens nothing.
  }
}

/** The order files that this user wrote; those of `pid` only when given. */
export function readOrderFiles(stateDir: string, pid?: number): OrderFile[] {
  const directory = orderDirectory(stateDir)
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const owner = NAME.exec(name)?.[1]
    if (owner === undefined || (pid !== undefined && Number(owner) !== pid)) return []
    return readOrderFile(join(directory, name), Number(owner)) ?? []
  })
}

/** The order files of this machine whose process is gone. */
export function staleOrderFiles(stateDir: string): OrderFile[] {
  const here = whereWeAre()
  return readOrderFiles(stateDir).filter((file) => file.where === here && !processMark(file.pid))
}

function readOrderFile(path: string, owner: number): OrderFile | undefined {
  try {
    const fd = openSync(path, PLAIN_FILE_FLAGS)
    try {
      const stats = fstatSync(fd)
      const user = process.getuid?.()
      // Never in another user's name, also when this one could read everything.
      if (!stats.isFile() || stats.size > MAX_BYTES) return undefined
      if (user !== undefined && (stats.uid !== user || (stats.mode & 0o077) !== 0)) return undefined
      const value = JSON.parse(readBytes(fd, MAX_BYTES).toString('utf8')) as Partial<OrderFile> & {
        v?: unknown
      }
      const { v, pid, startedAt, where, token } = value
      if (v !== 1 || pid !== owner || typeof startedAt !== 'number') return undefined
      if (typeof where !== 'string' || typeof token !== 'string') return undefined
      return { path, pid, startedAt, where, token }
    } finally {
      closeSync(fd)
    }
  } catch {
    // Gone meanwhile, or nothing that we wrote.
    return undefined
  }
}

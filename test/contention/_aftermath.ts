import { randomUUID } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { leasedPorts } from '../../src/lease/list.ts'
import { parseRecord } from '../../src/memory/record.ts'
import { leasePlace } from '../../src/reservation/who-holds.ts'
import { alive } from '../_utils/alive.ts'
import { isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

/** See {@link marked}. */
export interface Mark {
  readonly PORTS_TEST_MARK: string
  readonly [name: string]: string
}

/** Variables by which everything that a test starts is found again, children's children too. */
export function marked(): Mark {
  return { PORTS_TEST_MARK: randomUUID() }
}

/** Processes that have the mark in their environment; only Linux shows others' environments. */
function processesWith({ PORTS_TEST_MARK: mark }: Mark): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return alive(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
      } catch {
        // It has just ended.
        return false
      }
    })
}

/** What must be gone when everything of a test has ended. */
export interface Remains {
  readonly ports: readonly number[]
  /** With which everything was started. */
  readonly mark: Mark
  /** Where socket files may have been made. */
  readonly socketDirs?: readonly string[]
}

/** No process, no port, no lease and no socket file is left; whatever is remembered can be read. */
export async function expectNothingLeft(
  { ports, mark, socketDirs = [] }: Remains,
  at = '',
): Promise<void> {
  await until(() => processesWith(mark).length === 0, 30_000, 'no process left').catch((error) => {
    throw new Error(`left ${at}: ${processesWith(mark).map(describePid).join('; ')}`, {
      cause: error,
    })
  })
  // A process that is ending shows nothing of itself any more a little before its sockets are closed.
  const busy = async (): Promise<number[]> => {
    const leased = leasedPorts(leasePlace(process.env, process.platform))
    const found = await Promise.all(
      ports.map(async (port) => (leased.has(port) || !(await isFree(port)) ? [port] : [])),
    )
    return found.flat()
  }
  await until(async () => (await busy()).length === 0).catch(async (error) => {
    throw new Error(`ports left ${at}: ${(await busy()).join(', ')}`, { cause: error })
  })
  expect(socketDirs.flatMap(socketsIn), at).toEqual([])
  for (const text of recordTexts()) expect(parseRecord(text, Date.now())).toMatchObject({})
}

function describePid(pid: number): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`
  } catch {
    return String(pid)
  }
}

function socketsIn(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => lstatSync(join(dir, name)).isSocket())
}

function recordTexts(): string[] {
  const dir = join(process.env.PORTS_STATE_DIR ?? '', 'roots')
  if (!existsSync(dir)) return []
  const names = readdirSync(dir).filter((name) => name.endsWith('.json') && !name.includes('.tmp-'))
  return names.map((name) => readFileSync(join(dir, name), 'utf8'))
}

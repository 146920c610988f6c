import { randomUUID } from 'node:crypto'
import { endTree } from '../../src/child/tree/index.ts'
import { Handover } from '../../src/child/handover.ts'
import type { PortReservation } from '../../src/reservation/reservation.ts'
import { reserve } from '../../src/api.ts'
import { join } from 'node:path'
import { type Child, start, startNode } from './children.ts'
import { freePort } from './sockets.ts'
import { repo, tempRoot } from './temp.ts'

const RIVAL = join(repo, 'test/fixtures/programs/rival.mjs')

/** A port that is held for programs, and what became of it. */
export interface Held extends AsyncDisposable {
  readonly port: number
  readonly reservation: PortReservation
  readonly handover: Handover
  /** `serving <passed|bound>`, `idle`, `lost`, in order. */
  readonly events: readonly string[]
  /** Starts a program that gets the port. */
  start(file: string, args: readonly string[], env?: Record<string, string>, cwd?: string): Child
}

/** Holds a free port on `host` (`true`: all interfaces) and is ready to hand it over. */
export async function hold(host: string | true = '127.0.0.1', passSockets = true): Promise<Held> {
  const port = await freePort()
  const root = tempRoot()
  const reserved = await reserve({ root: root.dir, services: { api: { preferred: port, host } } })
  const reservation = reserved.services.api as PortReservation
  const events: string[] = []
  const handover = await Handover.open([reservation], {
    platform: process.platform,
    passSockets,
    onServing: (_service, _pid, passed) => events.push(`serving ${passed ? 'passed' : 'bound'}`),
    onIdle: () => events.push('idle'),
    onLost: () => events.push('lost'),
  })
  const children: Child[] = []
  const mark = randomUUID()
  return {
    port,
    reservation,
    handover,
    events,
    start(file, args, env = {}, cwd = root.dir) {
      const own = { ...process.env, ...env }
      const child = start(file, args, {
        cwd,
        env: { ...env, PORTS_TEST: mark, PORT: String(port), ...handover.env(own) },
      })
      children.push(child)
      return child
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async ({ pid, ended }) => {
          await endTree({ pid, mark: `PORTS_TEST=${mark}` }, process.platform, 0)
          await ended
        }),
      )
      handover.close()
      await reserved.release()
      root[Symbol.dispose]()
    },
  }
}

/** Another process that takes `port` whenever it is free, on any address. */
export async function rivalOf(port: number): Promise<Child> {
  const rival = startNode([RIVAL, String(port)])
  await rival.sees(/tries [1-9]/)
  return rival
}

import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { HandedPort } from '../../src/child/handed-port.ts'
import type { LentPort } from '../../src/net/lent-port.ts'
import type { PortReservation } from '../../src/reservation/reservation.ts'
import { until } from '../_utils/until.ts'

// The kernel closes the sockets of a process that is ending in an order of its own, so a port whose
// server has gone can be bound at once or a little later. Here it is decided.
function handed(answers: readonly boolean[]) {
  const left = [...answers]
  let held = true
  const log: string[] = []
  const reservation = { service: 'api', released: false, serveElsewhere: () => {} }
  const lent = {
    port: 3000,
    passes: true,
    bound: {},
    get held() {
      return held
    },
    isAt: () => true,
    relay: () => {},
    letGo: async () => {},
    socket: {
      send: () => {
        log.push('passed')
        // The copy that stays behind is closed as soon as a server listens.
        held = false
        return true
      },
    },
    holdAt: async () => {
      held = left.shift() ?? false
      log.push(held ? 'held' : 'busy')
      return held
    },
  }
  const port = new HandedPort(
    reservation as unknown as PortReservation,
    lent as unknown as LentPort,
    { onIdle: () => log.push('idle') },
  )
  const visit = (): Socket => {
    const socket = new PassThrough() as unknown as Socket
    port.visit(socket, { token: '', port: 3000, address: null, own: false, pid: 1 })
    return socket
  }
  return { log, reservation, visit }
}

describe('a port whose server has gone', () => {
  test('is held again as soon as the kernel lets go of it, before the next server is served', async () => {
    const { log, visit } = handed([false, false, true])
    const server = visit()
    await until(() => log.includes('passed'))
    server.destroy()
    await until(() => log.includes('idle'))
    visit()
    await until(() => log.filter((entry) => entry === 'passed').length === 2)
    expect(log).toEqual(['passed', 'idle', 'busy', 'busy', 'held', 'passed'])
  })

  test('is left alone when it has been released meanwhile', async () => {
    const { log, reservation, visit } = handed([false, false])
    const server = visit()
    await until(() => log.includes('passed'))
    server.destroy()
    await until(() => log.includes('busy'))
    reservation.released = true
    const tries = log.length
    visit()
    // The next one is answered only when the tries are over.
    await until(() => log.length > tries)
    expect(log.filter((entry) => entry === 'held')).toEqual([])
  })
})

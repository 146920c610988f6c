import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPorts } from '../../src/api.ts'
import { freeRange } from '../_utils/sockets.ts'

const BUSY = 200
const servers: Server[] = []
let from = 0
beforeAll(async () => {
  ;[from] = await freeRange(BUSY + 3)
  for (let port = from; port < from + BUSY; port++) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close() && once(server, 'close')))
})

test('the first free port behind many busy ones is had, and each of them is on the list', async () => {
  await using ports = createPorts({})
  const range: [number, number] = [from, from + BUSY + 2]
  const one = await ports.reserve({ range })
  expect(one.port).toBe(from + BUSY)
  expect(one.attempts.slice(0, -1)).toEqual(
    Array.from({ length: BUSY }, (_, index) =>
      expect.objectContaining({ port: from + index, source: 'range', rejected: 'in-use' }),
    ),
  )
  const api = await ports.allocate('api', { range, strategy: 'sequential' })
  expect(api.port).toBe(from + BUSY + 1)
  expect(api.attempts.slice(0, BUSY).every(({ rejected }) => rejected === 'in-use')).toBe(true)
})

test('a port that was let go since the list was read is found by the next one who looks', async () => {
  await using ports = createPorts({})
  const range: [number, number] = [from, from + BUSY + 2]
  await ports.reserve({ range })
  const last = servers.at(-1) as Server
  last.close()
  await once(last, 'close')
  servers.pop()
  expect((await ports.reserve({ range })).port).toBe(from + BUSY - 1)
})

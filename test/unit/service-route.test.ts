import { expect, test } from 'vitest'
import type { Listener } from '../../src/reservation/listener.ts'
import type { PortReservation } from '../../src/reservation/reservation.ts'
import type { MovedServer } from '../../src/session/proxy/moved-server.ts'
import { ServiceRoute } from '../../src/session/proxy/service-route.ts'

/** A route to an `api` of which nobody listens on its own port. */
function routeTo(first: number): {
  route: ServiceRoute
  given: { port: number; clock: number; find: () => Promise<MovedServer | undefined> }
  left: number[][]
  lines: string[]
} {
  const left: number[][] = []
  const lines: string[] = []
  const server = { port: first + 50, pid: undefined, command: undefined }
  const given = {
    port: first,
    clock: 0,
    find: (): Promise<MovedServer | undefined> => Promise.resolve(server),
  }
  const route = new ServiceRoute({
    name: 'api',
    guard: {
      settle: () => undefined,
      listener: () => ({ verdict: 'nobody' }) as Listener,
      refusal: () => undefined,
      refused: () => {},
      stranger: () => Promise.resolve(undefined),
    },
    reservation: () =>
      ({ port: given.port, url: `http://localhost:${given.port}` }) as PortReservation,
    program: () => undefined,
    search: () =>
      Promise.resolve({
        describe: () => Promise.resolve(undefined),
        find: (_, ports) => {
          left.push([...ports])
          return given.find()
        },
        show: () => 'another program',
      }),
    say: (line) => lines.push(line),
    now: () => given.clock,
  })
  return { route, given, left, lines }
}

test('a service that gets another port is not looked for on those that it had before', async () => {
  const { route, given, left } = routeTo(3000)
  await route.settle()
  expect(route.url()).toBe('http://localhost:3050')
  given.port = 3001
  // What was followed before the move is over at once, for whoever asks.
  expect(route.movedTo).toBeUndefined()
  expect(route.url()).toBe('http://localhost:3001')
  await route.settle()
  given.port = 3000
  await route.settle()
  expect(left).toEqual([[], [3000], [3001]])
})

test('what a search finds after the service got another port counts no more', async () => {
  const { route, given, lines } = routeTo(3000)
  let found: (server: MovedServer) => void = () => {}
  given.find = () => new Promise((resolve) => (found = resolve))
  const settled = route.settle()
  await Promise.resolve()
  await Promise.resolve()
  given.port = 3001
  found({ port: 3000, pid: undefined, command: undefined })
  await settled
  expect(route.url()).toBe('http://localhost:3001')
  expect(lines).toEqual([])
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { mountStatusPage } from '../../src/bundlers/status-page.ts'
import type { Run } from '../../src/bundlers/adapter.ts'
import type { SessionUse } from '../../src/reservation/session.ts'
import { openStatusPage } from '../../src/status/open.ts'
import type { StatusSource } from '../../src/status/source.ts'
import { freeRange } from '../_utils/sockets.ts'
import { openLater } from '../_utils/session.ts'
import { tempRoot } from '../_utils/temp.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean()
})

/** A real session behind a real server, without a bundler. */
async function serve(use: SessionUse) {
  const { session, reservations } = use
  const source: StatusSource = {
    session,
    world: { env: process.env, place: session.identity.place, pid: process.pid },
    envFile: undefined,
    notice: true,
    titlePrefix: undefined,
    networkUrls: () => [],
    rows: () =>
      [...reservations.values()].map((allocation) => ({
        service: allocation.service,
        link: false,
        allocation,
      })),
    reservation: (service) => reservations.get(service),
    isProbed: () => true,
    variables: () => [],
    startCommand: () => undefined,
    areas: () => [],
  }
  const server = createServer((_, response) => response.end('app'))
  const run = { statusPage: (place) => openStatusPage(source, place) } as Pick<Run, 'statusPage'>
  mountStatusPage(server, run as Run, { service: 'dev', allowedHosts: () => [] })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
    use.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const html = await (await fetch(`${origin}/__ports/`)).text()
  const token = /name="ports-token" content="([\w-]+)"/.exec(html)?.[1] ?? ''
  return {
    async act(action: string, body: unknown) {
      const response = await fetch(`${origin}/__ports/actions/${action}`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json', 'x-ports-token': token },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      const result = (await response.json()) as { ok: boolean; text: string }
      return { status: response.status, ...result }
    },
    /** Begins a request whose body is of that length, and gives what is answered until the end. */
    async begin(length: number, sendPart: (socket: Socket) => void): Promise<string> {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1')
      cleanups.push(() => socket.destroy())
      const head = [
        'POST /__ports/actions/move HTTP/1.1',
        `Host: ${new URL(origin).host}`,
        `Origin: ${origin}`,
        `Content-Length: ${length}`,
        'Content-Type: application/json',
        `X-Ports-Token: ${token}`,
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      sendPart(socket)
      let text = ''
      for await (const chunk of socket.setEncoding('utf8')) text += chunk as string
      return text
    },
    async actionsOf(service: string) {
      const response = await fetch(`${origin}/__ports/status.json`)
      const { services } = (await response.json()) as {
        services: { service: string; actions: string[] }[]
      }
      return services.find((one) => one.service === service)?.actions
    },
  }
}

test('a service is restarted by whoever has started it, and by nobody otherwise', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(3)
  const use = await openLater(root.dir, { api: { range: [from, to] } }, { hold: false })
  const { act, actionsOf } = await serve(use)
  expect(await actionsOf('api')).toEqual(['move', 'release'])
  expect(await act('restart', { service: 'api' })).toMatchObject({ status: 409, ok: false })
  let restarts = 0
  const none = async (): Promise<undefined> => undefined
  use.session.processes = {
    all: () => [
      { service: 'api', state: 'running', since: 0, restarts: 0, command: 'node api.js' },
    ],
    async restart(service) {
      if (service === 'api') restarts++
      return service === 'api'
    },
    stop: async () => false,
    pause: none,
    settled: none,
  }
  expect(await actionsOf('api')).toContain('restart')
  expect(await act('restart', { service: 'api' })).toMatchObject({ status: 200, ok: true })
  expect(restarts).toBe(1)
})

test('what can not be done says why, and changes nothing', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(3)
  const use = await openLater(root.dir, { api: { range: [from, to] } }, { hold: false })
  const { act } = await serve(use)
  const port = use.reservations.get('api')?.port
  for (const body of [
    '',
    '[]',
    '{"service":1}',
    '['.repeat(4000),
    '{"__proto__":{"service":"api"}}',
    { service: 'api', port: 70_000 },
  ]) {
    expect(await act('move', body)).toMatchObject({ status: 400, ok: false })
  }
  expect(await act('move', { service: 'other' })).toMatchObject({ status: 409, ok: false })
  expect((await act('move', { service: 'other' })).text).toContain('has no service "other"')
  expect(await act('release', { service: 'other' })).toMatchObject({ status: 409, ok: false })
  expect(use.reservations.get('api')?.port).toBe(port)
  expect(await act('move', { service: 'api', port: to })).toMatchObject({ status: 200, ok: true })
  expect(use.reservations.get('api')?.port).toBe(to)
  expect(await act('release', { service: 'api' })).toMatchObject({ status: 200, ok: true })
  expect(use.reservations.get('api')?.released).toBe(true)
})

test('a body without end, by length or by time, is answered and shown out', async () => {
  using root = tempRoot()
  const use = await openLater(root.dir, { api: { range: await freeRange(2) } }, { hold: false })
  const { act, begin } = await serve(use)
  const [huge, slow] = await Promise.all([
    begin(1_000_000_000, (socket) => socket.write('x'.repeat(5000))),
    begin(1000, (socket) => {
      const timer = setInterval(() => socket.write(' '), 50)
      socket.on('close', () => clearInterval(timer))
      socket.on('error', () => {})
    }),
  ])
  expect(huge).toMatch(/^HTTP\/1.1 413 [^]*Connection: close/i)
  expect(slow).toMatch(/^HTTP\/1.1 408 [^]*Connection: close/i)
  expect(await act('move', { service: 'other' })).toMatchObject({ status: 409 })
})

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import {
  probeHttp,
  type ProbeTarget,
  probeTcp,
  probeUdp,
  probeWebSocket,
  probeWith,
} from '../../src/session/health/probes.ts'
import { tempRoot } from '../_utils/temp.ts'
import { freePort } from '../_utils/sockets.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function serve(listener: RequestListener, ws = false): Promise<number> {
  const server = createServer(listener)
  if (ws) new WebSocketServer({ server }).on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as { port: number }).port
}

function target(port: number, more: Partial<ProbeTarget> = {}): ProbeTarget {
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    url,
    hostname: '127.0.0.1',
    path: '/',
    socketPath: undefined,
    status: [],
    timeoutMs: 2000,
    ...more,
  }
}

const NOBODY = { ok: false, answered: false, reason: 'nobody listens' }

test('a port where nobody listens', async () => {
  const port = await freePort()
  expect(await probeTcp(target(port))).toEqual(NOBODY)
  expect(await probeHttp(target(port))).toEqual(NOBODY)
  expect(await probeWebSocket(target(port), undefined)).toEqual(NOBODY)
  expect(await probeUdp(target(port))).toEqual(NOBODY)
})

test('an HTTP server: any status below 500, or those that are asked for', async () => {
  const port = await serve((request, response) => {
    response.statusCode = Number(request.url?.slice(1)) || 200
    response.end('x'.repeat(100_000))
  })
  expect(await probeTcp(target(port))).toEqual({ ok: true })
  expect(await probeHttp(target(port, { path: '/404' }))).toEqual({ ok: true })
  expect(await probeHttp(target(port, { path: '/500' }))).toEqual({
    ok: false,
    answered: true,
    reason: 'answers with status 500',
  })
  expect(await probeHttp(target(port, { path: '/404', status: [200, 204] }))).toMatchObject({
    ok: false,
    reason: 'answers with status 404',
  })
  expect(await probeHttp(target(port, { path: '/204', status: [200, 204] }))).toEqual({ ok: true })
  expect(await probeWebSocket(target(port, { path: '/404' }), undefined)).toMatchObject({
    reason: 'refuses WebSockets with status 404',
  })
})

test('a server that hangs is given up in time', async () => {
  const port = await serve(() => {})
  const late = { ok: false, answered: false, reason: 'no answer within 50 ms' }
  expect(await probeHttp(target(port, { timeoutMs: 50 }))).toEqual(late)
})

test('a server that resets connections answers, wrongly', async () => {
  const server = createTcpServer((socket) => socket.resetAndDestroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  const { port } = server.address() as { port: number }
  expect(await probeHttp(target(port))).toEqual({
    ok: false,
    answered: true,
    reason: 'resets connections',
  })
})

test('a WebSocket server', async () => {
  const port = await serve((_, response) => response.end(), true)
  expect(await probeWebSocket(target(port), undefined)).toEqual({ ok: true })
})

test('a server on a path', async () => {
  using root = tempRoot()
  const socketPath = join(root.dir, 's.sock')
  const server = createServer((_, response) => response.end()).listen(socketPath)
  await once(server, 'listening')
  expect(await probeTcp(target(0, { socketPath }))).toEqual({ ok: true })
  expect(await probeHttp(target(0, { socketPath }))).toEqual({ ok: true })
  await new Promise((resolve) => server.close(resolve))
  expect(await probeTcp(target(0, { socketPath }))).toEqual(NOBODY)
})

test('a datagram socket that says nothing', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  ends.push(() => socket.close())
  expect(await probeUdp(target(socket.address().port))).toEqual({ ok: true })
})

test("a check of the user's own", async () => {
  const seen: unknown[] = []
  const port = 3000
  expect(await probeWith((given) => seen.push(given), target(port))).toEqual({ ok: true })
  expect(seen).toMatchObject([{ port, url: 'http://127.0.0.1:3000' }])
  expect(await probeWith(() => false, target(port))).toMatchObject({ reason: 'its check said no' })
  const failing = () => Promise.reject(new Error('no rows'))
  expect(await probeWith(failing, target(port))).toMatchObject({ reason: 'no rows' })
  const hanging = ({ signal }: { signal: AbortSignal }) => once(signal, 'abort')
  expect(await probeWith(hanging, target(port, { timeoutMs: 20 }))).toMatchObject({ ok: false })
})

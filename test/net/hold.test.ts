import { once } from 'node:events'
import { createServer as createHttpServer, get } from 'node:http'
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import { createSecureServer, connect as connectHttp2 } from 'node:http2'
import { connect, createServer, type Server } from 'node:net'
import { expect, test, vi } from 'vitest'
import { Hold, MAX_WAITING, WAIT_LIMIT_MS } from '../../src/net/hold.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { freePort, hasIPv6, isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

/** Ends a server and the connections it still has. */
function closing(server: Server & { closeAllConnections?: () => void }): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections?.()
      await once(server, 'close')
    },
  }
}

async function text(port: number, host = '127.0.0.1'): Promise<string> {
  const request = get({ port, host, agent: false })
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  let body = `${response.statusCode} `
  for await (const chunk of response) body += String(chunk)
  return body
}

test('a request that came before the server is answered by it', async () => {
  const port = await freePort()
  const hold = new Hold()
  expect(hold.bind(port, '127.0.0.1')).toEqual({ ok: true })
  const early = text(port)
  // Its connection has been accepted before there is any server.
  const probe = connect(port, '127.0.0.1')
  await once(probe, 'connect')
  const server = createHttpServer((_request, response) => response.end('served'))
  await using _closing = closing(server)
  hold.adoptInto(server)
  expect(await early).toBe('200 served')
  expect(server.address()).toMatchObject({ port, address: '127.0.0.1' })
  probe.destroy()
})

test('an adopted socket serves after the handover and closes with its server', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const server = createHttpServer((_request, response) => response.end('served'))
  hold.adoptInto(server)
  expect(await text(port)).toBe('200 served')
  hold.close()
  expect(await text(port)).toBe('200 served')
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
  expect(await isFree(port)).toBe(true)
})

test('https and http2 answer a handshake that began before them', async () => {
  const { key, cert } = await selfSigned()
  const port = await freePort()
  const hold = new Hold({ speaksHttp: false })
  hold.bind(port, '127.0.0.1')
  const early = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false })
  early.end()
  const https = createHttpsServer({ key, cert }, (_request, response) => response.end('secret'))
  const answered = once(early, 'response')
  await until(() => holdHas(hold, 1))
  hold.adoptInto(https)
  const [response] = (await answered) as [import('node:http').IncomingMessage]
  expect(response.statusCode).toBe(200)
  response.resume()
  https.close()
  https.closeAllConnections()

  const second = await freePort()
  const hold2 = new Hold({ speaksHttp: false })
  hold2.bind(second, '127.0.0.1')
  const client = connectHttp2(`https://127.0.0.1:${second}`, { rejectUnauthorized: false })
  const stream = client.request({ ':path': '/' })
  const server = createSecureServer({ key, cert, allowHTTP1: true }, (_request, response) =>
    response.end('h2'),
  )
  await until(() => holdHas(hold2, 1))
  hold2.adoptInto(server)
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  expect(headers[':status']).toBe(200)
  client.destroy()
  server.close()
})

/** Connections that wait, as the server itself counts them. */
function holdHas(hold: Hold, count: number): boolean {
  return hold.waiting >= count
}

test('nobody else can bind a held port', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const rival = createServer()
  rival.listen(port, '127.0.0.1')
  const [error] = (await once(rival, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('EADDRINUSE')
  hold.close()
  expect(await isFree(port)).toBe(true)
})

test('waiting connections are bounded, and the next one is told to come back', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const sockets = Array.from({ length: MAX_WAITING }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {})
  await until(() => holdHas(hold, MAX_WAITING))
  expect(await text(port)).toMatch(/^503 The server of this port is still starting/)
  expect(hold.waiting).toBe(MAX_WAITING)
  hold.close()
  await Promise.all(sockets.map((socket) => socket.closed || once(socket.resume(), 'close')))
  expect(await isFree(port)).toBe(true)
})

test('who has waited two minutes is sent away politely', async () => {
  const port = await freePort()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const hold = new Hold()
    hold.bind(port, '127.0.0.1')
    const waiting = text(port)
    // No `until`: its clock is the one that stands still.
    while (hold.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(WAIT_LIMIT_MS - 1)
    expect(hold.waiting).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await waiting).toMatch(/^503 /)
    expect(hold.waiting).toBe(0)
    hold.close()
  } finally {
    vi.useRealTimers()
  }
})

test('a connection that leaves while waiting makes room', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const visitor = connect(port, '127.0.0.1')
  await until(() => hold.waiting === 1)
  hold.close()
  await once(visitor.resume(), 'close')
  expect(hold.waiting).toBe(0)
})

test('a restart keeps the port bound between the old server and the new one', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const old = createHttpServer((_request, response) => response.end('old'))
  hold.adoptInto(old)
  expect(await text(port)).toBe('200 old')
  const between = Hold.takeFrom(old)
  expect(between?.active).toBe(true)
  const closed = once(old, 'close')
  await new Promise<void>((resolve, reject) => {
    old.close((error) => (error ? reject(error) : resolve()))
    old.closeAllConnections()
  })
  await closed
  expect(old.listening).toBe(false)
  expect(await isFree(port)).toBe(false)
  const waiting = text(port)
  await until(() => between?.waiting === 1)
  const next = createHttpServer((_request, response) => response.end('new'))
  await using _closing = closing(next)
  between?.adoptInto(next)
  expect(await waiting).toBe('200 new')
})

test.skipIf(!hasIPv6)(
  'holds on one family leave the other alone, all interfaces take both',
  async () => {
    const port = await freePort()
    const four = new Hold()
    const six = new Hold()
    expect(four.bind(port, '127.0.0.1').ok).toBe(true)
    expect(six.bind(port, '::1').ok).toBe(true)
    const all = new Hold().bind(port, undefined)
    expect(all.ok).toBe(false)
    if (!all.ok) expect(await all.reason).toBe('in-use')
    four.close()
    six.close()
  },
)

test('an address that this machine has not is told from a busy one', async () => {
  // 192.0.2.0/24 is reserved for documentation: no machine has it.
  const outcome = new Hold().bind(await freePort(), '192.0.2.1')
  expect(outcome.ok).toBe(false)
  if (!outcome.ok) expect(await outcome.reason).toBe('no-address')
})

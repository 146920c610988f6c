import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer as createNet } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createPorts, PortsError, PortsOptionError, waitFor } from '../../src/api.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { freePort, hasIPv6, occupy } from '../_utils/sockets.ts'

const QUICK = { intervalMs: 10, timeoutMs: 15_000 }
const SHORT = { intervalMs: 10, timeoutMs: 500 }

/** Whether the promise is still pending after a few probes. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setTimeout(resolve, 100, 'waits'))
  return (await Promise.race([promise, later])) === 'waits'
}

test('open: until a server listens, on either family', async () => {
  for (const host of hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
    const port = await freePort()
    const open = waitFor(port, QUICK)
    expect(await waits(open)).toBe(true)
    await using _server = await occupy(host, port)
    await open
  }
})

test('closed: until nobody listens', async () => {
  const taken = await occupy('127.0.0.1')
  const closed = waitFor(taken.port, { ...QUICK, state: 'closed' })
  expect(await waits(closed)).toBe(true)
  await taken[Symbol.asyncDispose]()
  await closed
})

test('healthy: until the answer is below 500', async () => {
  let status = 503
  const asked = new Set<string | undefined>()
  const server = createServer((request, response) => {
    asked.add(request.url)
    response.writeHead(status).end()
  })
  const port = await freePort()
  const healthy = waitFor(port, { ...QUICK, state: 'healthy', path: '/health?deep' })
  expect(await waits(healthy)).toBe(true)
  await once(server.listen(port, '127.0.0.1'), 'listening')
  expect(await waits(healthy)).toBe(true)
  status = 404
  await healthy
  expect([...asked]).toEqual(['/health?deep'])
  server.close()
})

test('healthy: with TLS, which nobody said', async () => {
  const server = createHttps(await selfSigned(), (_request, response) => response.end('ok'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  await waitFor(port, { ...QUICK, state: 'healthy', path: '/' })
  server.close()
})

describe('healthy: a server that speaks another protocol', () => {
  const servers = {
    greets: () => createNet((socket) => socket.on('error', () => {}).end('220 mail ready\r\n')),
    'hangs up': () => createNet((socket) => socket.on('error', () => {}).destroy()),
  }
  test.each(Object.entries(servers))('that %s', async (_name, make) => {
    const server = make()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as { port: number }
    await waitFor(port, { ...QUICK, state: 'healthy' })
    // With a path it has to be HTTP.
    await expect(waitFor(port, { ...SHORT, state: 'healthy', path: '/' })).rejects.toThrow(
      `port ${port} was not healthy within 500 ms: what it answers is no HTTP.`,
    )
    server.close()
  })
})

test('healthy: a silent server is not', async () => {
  await using silent = await occupy('127.0.0.1')
  await expect(waitFor(silent.port, { ...SHORT, state: 'healthy' })).rejects.toThrow(
    'it did not answer',
  )
})

test('a port that is only held is not open, for its service, its number and others', async () => {
  await using ports = createPorts()
  const web = await ports.allocate('web')
  const loose = await ports.reserve()
  for (const target of ['web', web.port, loose.port]) {
    await expect(ports.waitFor(target, SHORT)).rejects.toThrow('no server has adopted it')
    await ports.waitFor(target, { ...SHORT, state: 'closed' })
  }
  await expect(waitFor(loose.port, SHORT)).rejects.toThrow('no server has adopted it')
  const open = ports.waitFor('web', QUICK)
  const server = createServer((_request, response) => response.end())
  web.adoptInto(server)
  await open
  await ports.waitFor('web', { ...QUICK, state: 'healthy' })
  server.close()
})

test('a timeout says what was seen and who is there', async () => {
  const port = await freePort()
  const error = (await waitFor(port, SHORT).catch((error: unknown) => error)) as PortsError
  expect(error).toBeInstanceOf(PortsError)
  expect(error.code).toBe('PORTS_TIMEOUT')
  expect(error.message).toContain(`port ${port} was not open within 500 ms: nobody accepts`)
  await using taken = await occupy('127.0.0.1')
  await expect(waitFor(taken.port, { ...SHORT, state: 'closed' })).rejects.toThrow(
    new RegExp(`it still accepts connections. Port ${taken.port} is held by .*pid ${process.pid}`),
  )
})

test('a signal ends the waiting with its reason', async () => {
  const port = await freePort()
  const reason = new Error('enough')
  const controller = new AbortController()
  const waiting = waitFor(port, { signal: controller.signal, intervalMs: 60_000 })
  expect(await waits(waiting.catch(() => 'over'))).toBe(true)
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(waitFor(port, { signal: controller.signal })).rejects.toBe(reason)
})

test('what can not be waited for is refused', async () => {
  await expect(waitFor('nobody')).rejects.toMatchObject({ code: 'PORTS_NO_SERVICE' })
  await expect(waitFor(0)).rejects.toThrow('port: 0 is no port')
  await expect(waitFor(80, { state: 'up' as 'open' })).rejects.toThrow(
    'state: "up" is no state; expected "open", "closed", "healthy".',
  )
  await expect(waitFor(80, { path: 'health' })).rejects.toThrow(PortsOptionError)
  await expect(waitFor(80, { intervalMs: 0 })).rejects.toThrow('intervalMs: 0 is no duration')
})

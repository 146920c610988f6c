import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Hold } from '../../src/net/hold.ts'
import { KeptSocket } from '../../src/net/kept-socket.ts'
import { localName } from '../../src/net/local-name.ts'
import { LentPort } from '../../src/net/lent-port.ts'
import { acceptForSockets } from '../../src/net/pass-socket.ts'
import { get } from '../_utils/http.ts'
import { freePort, isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

async function listening(): Promise<{ server: Server; port: number }> {
  const port = await freePort()
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  await once(server, 'listening')
  return { server, port }
}

// The way of the control socket differs: an abstract name, or a file.
describe.for(['linux', 'darwin'] as const)('as on %s', (platform) => {
  test.skipIf(process.platform !== 'linux' && process.platform !== platform)(
    'a kept socket holds its port after the server has closed, and accepts nobody',
    async () => {
      const { server, port } = await listening()
      const kept = await KeptSocket.copyOf(server, platform)
      let accepted = 0
      server.on('connection', () => accepted++)
      server.close()
      expect(kept?.address).toEqual({ address: '127.0.0.1', family: 'IPv4', port })
      expect(await isFree(port)).toBe(false)
      expect(accepted).toBe(0)
      kept?.close()
      kept?.close()
      expect(kept?.fd).toBe(-1)
      expect(await isFree(port)).toBe(true)
    },
  )
})

test('where sockets cannot be passed there is no copy, and the hold is as before', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  expect(await hold.keep('win32')).toBeUndefined()
  expect(hold.active).toBe(true)
  hold.close()
  expect(await isFree(port)).toBe(true)
})

test('a copy of a closed server is none', async () => {
  const { server } = await listening()
  server.close()
  expect(await KeptSocket.copyOf(server, process.platform)).toBeUndefined()
})

test('many copies leave no descriptor behind', async () => {
  const { server } = await listening()
  const before = openDescriptors()
  for (let times = 0; times < 50; times++) {
    const kept = await KeptSocket.copyOf(server, process.platform)
    expect(kept?.fd).toBeGreaterThan(2)
    kept?.close()
  }
  await new Promise(setImmediate)
  // Some other part of the process may open a file meanwhile; fifty it does not.
  expect(openDescriptors() - before).toBeLessThan(10)
  server.close()
})

test('a connection that was made able to send sockets is counted only while it is open', async () => {
  const server = createServer({ pauseOnConnect: true })
  const name = localName(`counted-${process.pid}`, process.platform)
  server.on('connection', (accepted) => {
    const socket = acceptForSockets(accepted)
    socket?.on('end', () => socket.destroy()).resume()
  })
  server.listen(name.path)
  await once(server, 'listening')
  for (let times = 0; times < 20; times++) {
    const visitor = connect(name.path)
    await once(visitor, 'connect')
    visitor.resume().end()
    await once(visitor, 'close')
  }
  expect(await promisify(server.getConnections.bind(server))()).toBe(0)
  server.close()
  await once(server, 'close')
})

test('who was accepted while a port was lent is relayed to the server that comes', async () => {
  const port = await freePort()
  const hold = new Hold()
  hold.bind(port, '127.0.0.1')
  const lent = await LentPort.of(hold, {
    port,
    bound: { host: '127.0.0.1', address: '127.0.0.1' },
    secure: false,
    platform: process.platform,
    pass: false,
  })
  const answer = get(`http://127.0.0.1:${port}`)
  await until(() => hold.waiting === 1)
  await lent.letGo()
  expect(lent.held).toBe(false)
  const server = createHttpServer((_request, response) => response.end('relayed'))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  lent.relay()
  expect((await answer).text).toBe('relayed')
  expect(await lent.holdAt()).toBe(false)
  server.close()
  await once(server, 'close')
  expect(await lent.holdAt()).toBe(true)
  expect([lent.isAt('127.0.0.1'), lent.isAt(null), lent.isAt('::1')]).toEqual([true, false, false])
  lent.close()
  expect(await isFree(port)).toBe(true)
})

function openDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

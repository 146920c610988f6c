import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve, whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { bindDatagram, freeUdpPort, isUdpFree, receive, send } from '../_utils/datagrams.ts'
import { freeRange, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const CHILD = { cwd: repo, stdio: ['pipe', 'pipe', 'pipe'] as ('pipe' | 'ignore')[] }

/** A program that reserves one UDP service, and says where. */
function reserving(root: string, range: readonly [number, number]) {
  const script = `
    import { reserve } from 'unplugin-ports/api'
    const held = await reserve({ root: ${JSON.stringify(root)}, services: {
      dns: { protocol: 'udp', range: ${JSON.stringify(range)} } } })
    const socket = held.services.dns.takeDatagramSocket()
    console.log('got', socket.address().port, '.')
    process.stdin.resume()`
  return startNode(['--input-type=module', '-e', script], CHILD)
}

test('a UDP port is held until its socket is taken, and is free after it is closed', async () => {
  const port = await freeUdpPort()
  using root = tempRoot()
  await using held = await reserve({
    root: root.dir,
    services: { dns: { preferred: port, protocol: 'udp', host: '127.0.0.1' } },
  })
  const { dns } = held.services
  expect(dns).toMatchObject({ port, protocol: 'udp', state: 'held', source: 'preferred' })
  expect(dns?.url).toBe(`udp://127.0.0.1:${port}`)
  expect(held.env()).toEqual({ DNS_PORT: String(port), DNS_URL: `udp://127.0.0.1:${port}` })
  expect(await isUdpFree(port)).toBe(false)

  await send(port, '127.0.0.1', 'early')
  expect(() => dns?.adoptInto(createServer())).toThrow('takeDatagramSocket()')
  const socket = dns?.takeDatagramSocket()
  if (!socket) throw new Error('no socket')
  expect(dns?.state).toBe('serving')
  const got = receive(socket)
  await until(() => got.includes('early'))
  expect(() => dns?.takeDatagramSocket()).toThrow(
    expect.objectContaining({ code: 'PORTS_NOT_HELD' }) as Error,
  )
  await held.release()
  // Whoever took it keeps it.
  expect(socket.address().port).toBe(port)
  socket.close()
  await until(() => isUdpFree(port))
})

test('a TCP service is no UDP socket', async () => {
  using root = tempRoot()
  await using held = await reserve({ root: root.dir, services: { web: true } })
  expect(() => held.services.web?.takeDatagramSocket()).toThrow('adoptInto()')
  expect(held.services.web?.state).toBe('held')
})

test('a TCP and a UDP service share a number, in one plan and between processes', async () => {
  const port = await freeUdpPort()
  using root = tempRoot()
  using other = tempRoot()
  await using _tcp = await occupy(undefined, port)
  await using held = await reserve({
    root: root.dir,
    services: { dns: { preferred: port, strict: true, protocol: 'udp' } },
  })
  expect(held.services.dns?.port).toBe(port)
  await _tcp[Symbol.asyncDispose]()
  await using both = await reserve({
    root: other.dir,
    services: { web: { preferred: port, strict: true } },
  })
  expect(both.services.web?.port).toBe(port)
  expect(await whoHolds(port)).toMatchObject({ via: 'lease', service: 'web', root: other.dir })
  expect(await whoHolds(`udp:${port}`)).toMatchObject({
    via: 'lease',
    service: 'dns',
    root: root.dir,
    protocol: 'udp',
  })
})

test.runIf(hasIPv6)('a stranger on either loopback makes the port busy, and is named', async () => {
  for (const address of ['127.0.0.1', '::1']) {
    const [from, to] = await freeRange(3)
    const stranger = await bindDatagram(from, address)
    using root = tempRoot()
    const dns = { preferred: from, protocol: 'udp' as const }
    await using held = await reserve({
      root: root.dir,
      services: { dns: { ...dns, range: [from, to] } },
    })
    expect(held.services.dns?.port).toBe(from + 1)
    expect(held.services.dns?.attempts[0]).toMatchObject({ rejected: 'in-use', protocol: 'udp' })
    using strictRoot = tempRoot()
    await expect(
      reserve({ root: strictRoot.dir, services: { dns: { ...dns, strict: true } } }),
    ).rejects.toMatchObject({
      code: 'PORTS_TAKEN',
      message: expect.stringMatching(
        new RegExp(`${from}/udp +held by .*pid ${process.pid}`),
      ) as string,
    })
    stranger.close()
  }
})

test('ten processes at once on one range: all different; killed, the ports are there again', async () => {
  const [from, to] = await freeRange(10)
  using root = tempRoot()
  const start = () =>
    Array.from({ length: 10 }, (_, index) => {
      root.write({ [`r${index}/package.json`]: '{}' })
      return reserving(join(root.dir, `r${index}`), [from, to])
    })
  for (let round = 0; round < 2; round++) {
    const children = start()
    try {
      const seen = await Promise.all(children.map((child) => child.sees(/got (\d+) \./, 60_000)))
      const ports = seen.map((match) => Number(match[1]))
      expect(ports.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => from + index))
    } finally {
      await Promise.all(children.map((child) => child.end('SIGKILL')))
    }
  }
  expect(await isUdpFree(from)).toBe(true)
  expect(await isFree(from)).toBe(true)
}, 150_000)

test('a held UDP port keeps no process alive, a taken one does', async () => {
  const port = await freeUdpPort()
  using root = tempRoot()
  const script = (then: string): string => `
    import { reserve } from 'unplugin-ports/api'
    const held = await reserve({ root: ${JSON.stringify(root.dir)}, services: {
      dns: { preferred: ${port}, strict: true, protocol: 'udp' } } })
    ${then}
    console.log('ready')`
  await using idle = startNode(['--input-type=module', '-e', script('')], { cwd: repo })
  expect(await idle.ended).toMatchObject({ code: 0 })
  const serve = `held.services.dns.takeDatagramSocket().on('message', () => process.exit(7))`
  await using server = startNode(['--input-type=module', '-e', script(serve)], { cwd: repo })
  await server.sees(/ready/)
  await send(port, 'localhost', 'stop')
  expect(await server.ended).toMatchObject({ code: 7 })
})

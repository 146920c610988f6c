import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PortsError, reserve, whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { bindDatagram } from '../_utils/datagrams.ts'
import { openSync } from '../_utils/session.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

test('a port is chosen and held in the same tick', async () => {
  const [from, to] = await freeRange(3)
  await using _taken = await occupy('127.0.0.1', from)
  using root = tempRoot()
  const use = openSync(root.dir, { web: { preferred: from, range: [from, to] } })
  expect(use.reservations.get('web')).toMatchObject({ port: from + 1, state: 'held' })
  expect(await isFree(from + 1)).toBe(false)
  use.close()
  expect(await isFree(from + 1)).toBe(true)
})

test('a failure names the holder, in the same tick', async () => {
  using elsewhere = tempRoot()
  elsewhere.write({ 'package.json': '{}' })
  const port = await freePort()
  await using other = startNode(
    [
      '--input-type=module',
      '-e',
      `import net from 'node:net'; net.createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ],
    { cwd: elsewhere.dir },
  )
  await other.sees(/up/)
  using root = tempRoot()
  try {
    openSync(root.dir, { web: { preferred: port, strict: true } })
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(PortsError)
    expect((error as PortsError).message).toContain(`pid ${other.pid}`)
  }
})

test("a server of this checkout is recognised, another checkout's is not", async () => {
  const script = `
    import net from 'node:net'
    net.createServer().listen(Number(process.argv[1]), '127.0.0.1', () => console.log('up'))`
  for (const own of [true, false]) {
    const [from, to] = await freeRange(2)
    using root = tempRoot()
    root.write({ 'package.json': '{}' })
    using elsewhere = tempRoot()
    elsewhere.write({ 'package.json': '{}' })
    await using api = startNode(['--input-type=module', '-e', script, String(from)], {
      cwd: own ? root.dir : elsewhere.dir,
    })
    await api.sees(/up/)
    const use = openSync(root.dir, { api: { preferred: from, range: [from, to] } }, { hold: false })
    expect(use.reservations.get('api')).toMatchObject(
      own ? { port: from, state: 'running' } : { port: to, state: 'leased' },
    )
    expect(await whoHolds(to)).toEqual(
      own ? undefined : expect.objectContaining({ service: 'api' }),
    )
    use.close()
  }
})

test('choosing at once and choosing by waiting keep off each other, in one process and in two', async () => {
  const [from, to] = await freeRange(8)
  using root = tempRoot()
  const range: [number, number] = [from, to]
  const dir = (): string => mkdtempSync(join(root.dir, 'r-'))
  const waiting = reserve({ root: dir(), services: { a: { range }, b: { range } } })
  const use = openSync(dir(), { a: { range }, b: { range } })
  await using held = await waiting
  await using child = startNode(
    [
      '--input-type=module',
      '-e',
      `import { reserve } from 'unplugin-ports/api'
       const held = await reserve({ root: ${JSON.stringify(dir())}, services: { a: { range: [${from}, ${to}] } } })
       console.log('got', held.services.a.port, '.')
       process.stdin.resume()`,
    ],
    { cwd: repo, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const [, got] = await child.sees(/got (\d+) \./)
  const ports = [
    Number(got),
    ...Object.values(held.services).map((r) => r.port),
    ...[...use.reservations.values()].map((r) => r.port),
  ]
  expect(new Set(ports).size).toBe(5)
  use.close()
})

test('UDP ports and socket paths are chosen in the same tick too, held or leased', async () => {
  const [from, to] = await freeRange(3)
  const stranger = await bindDatagram(from, '127.0.0.1')
  using root = tempRoot()
  const path = join(root.dir, 'api.sock')
  const dns = { protocol: 'udp', preferred: from, range: [from, to] } as const
  const api = { protocol: 'unix', path: 'api.sock' } as const
  for (const hold of [true, false]) {
    const use = openSync(root.dir, { dns, api }, { hold })
    const state = hold ? 'held' : 'leased'
    expect(use.reservations.get('dns')).toMatchObject({ port: from + 1, state })
    expect(use.reservations.get('api')).toMatchObject({ path, state })
    use.close()
  }
  stranger.close()
})

test.skipIf(process.platform === 'win32')(
  "in the same tick: a dead process's socket is replaced, a live one's stays",
  async () => {
    using root = tempRoot()
    using elsewhere = tempRoot()
    elsewhere.write({ 'package.json': '{}' })
    const path = join(root.dir, 'api.sock')
    const listen = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`
    await using child = startNode(['-e', listen, path], { cwd: elsewhere.dir })
    await child.sees(/up/)
    const open = () => openSync(root.dir, { api: { protocol: 'unix', path } }, { hold: false })
    expect(open).toThrow(new RegExp(`${path} +held by .*pid ${child.pid}`))
    await child.end('SIGKILL')
    const use = open()
    expect(use.reservations.get('api')).toMatchObject({ path, state: 'leased' })
    use.close()
  },
)

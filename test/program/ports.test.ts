import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import {
  allocate,
  allocateAll,
  allocations,
  close,
  createPorts,
  defaultPorts,
  env,
  fromEnvOr,
  get,
  PortsError,
  PortsOptionError,
  ports as portsByService,
} from '../../src/api.ts'
import { reserveServices } from '../../src/session/reserve.ts'
import { processWorld } from '../../src/session/world.ts'
import { startNode } from '../_utils/children.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

test('a service is allocated, found by name, published, and given back', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(3)
  const ports = createPorts({ root: root.dir, services: { web: from, api: { range: [from, to] } } })
  expect(ports.get('web')).toBeUndefined()
  const web = await ports.allocate('web')
  expect(web).toMatchObject({ service: 'web', port: from, source: 'preferred', state: 'held' })
  expect(await ports.allocate('web')).toBe(web)
  expect(ports.ports()).toEqual({ web: from })
  expect(ports.env()).toEqual({ WEB_PORT: String(from), WEB_URL: `http://localhost:${from}` })
  expect(Object.keys(await ports.allocateAll())).toEqual(['web', 'api'])
  expect(ports.ports()).toEqual({ web: from, api: from + 1 })
  expect(allocations(root.dir).map(({ service }) => service)).toEqual(['web', 'api'])
  expect(await ports.release('web')).toEqual([from])
  expect(ports.get('web')).toBeUndefined()
  expect(allocations(root.dir).map(({ service }) => service)).toEqual(['api'])
  expect(await isFree(from)).toBe(true)
  await ports.close()
  await ports.close()
  expect(await isFree(from + 1)).toBe(true)
  expect(allocations(root.dir)).toEqual([])
  await expect(ports.allocate('web')).rejects.toMatchObject({ code: 'PORTS_CLOSED' })
})

test('a service may be new; one that has its port keeps it and its options', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using ports = createPorts({ root: root.dir })
  const job = await ports.allocate('job', { preferred: from, description: 'the job' })
  expect(job).toMatchObject({ port: from, description: 'the job' })
  expect(await ports.allocate('job', { preferred: from, description: 'the job' })).toBe(job)
  expect(await ports.allocate('job')).toBe(job)
  await expect(ports.allocate('job', { preferred: to })).rejects.toThrow(
    'services.job: has its port already, with other options. Release it before you allocate it anew.',
  )
  await job.release()
  expect((await ports.allocate('job', to)).port).toBe(to)
})

test('calls for one service at once get one port', async () => {
  await using ports = createPorts()
  const all = await Promise.all(Array.from({ length: 10 }, () => ports.allocate('web')))
  expect(new Set(all).size).toBe(1)
})

test('services that are not required are reported, required ones throw with what was tried', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using taken = await occupy('127.0.0.1', from)
  await using ports = createPorts({
    root: root.dir,
    services: {
      extra: { preferred: taken.port, strict: true, required: false },
      web: to,
    },
  })
  expect(await ports.allocate('extra')).toBeUndefined()
  expect(ports.missing).toMatchObject([
    { service: 'extra', code: 'PORTS_TAKEN', attempts: [{ port: from, rejected: 'in-use' }] },
  ])
  expect(Object.keys(await ports.allocateAll())).toEqual(['web'])
  expect(ports.missing).toHaveLength(1)
  const error = (await ports
    .allocate('must', { preferred: from, strict: true })
    .catch((error: unknown) => error)) as PortsError
  expect(error).toBeInstanceOf(PortsError)
  expect(error.problems).toMatchObject([{ service: 'must', attempts: [{ port: from }] }])
  expect(error.message).toContain(`pid ${process.pid}`)
  // What failed is not tried again with the others.
  await expect(ports.allocateAll()).resolves.toHaveProperty('web')
  await taken[Symbol.asyncDispose]()
  expect((await ports.allocate('extra'))?.port).toBe(from)
  expect(ports.missing).toEqual([])
})

test('bad options leave the instance as it was', async () => {
  await using ports = createPorts()
  await expect(ports.allocate('web', { preferred: 0 })).rejects.toThrow(PortsOptionError)
  await expect(ports.allocate('no name')).rejects.toThrow('is no service name')
  await expect(ports.allocateAll()).resolves.toEqual({})
  expect(() => createPorts({ services: { web: { preferred: -1 } } })).toThrow(
    'services.web.preferred: -1 is no port',
  )
})

test('instances do not see each other, and never share a port', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  const options = { root: root.dir, services: { web: { range: [from, to] } } } as const
  await using one = createPorts(options)
  await using two = createPorts(options)
  const [a, b] = await Promise.all([one.allocate('web'), two.allocate('web')])
  expect(new Set([a.port, b.port])).toEqual(new Set([from, to]))
  expect(one.reservations()).toEqual([a])
  expect(await two.release(a.port)).toEqual([])
  await one.close()
  expect(await isFree(a.port)).toBe(true)
  expect(await isFree(b.port)).toBe(false)
  expect(two.get('web')).toBe(b)
  // The session of a root ends with its last user, not before.
  expect(allocations(root.dir)).toEqual([b])
})

test("a root's session stays while somebody waits for a turn in it", async () => {
  using root = tempRoot()
  const options = { root: root.dir, services: { web: { range: await freeRange(3) } } }
  const one = await reserveServices(options, processWorld())
  const later = reserveServices(options, processWorld())
  one.use.close()
  const two = await later
  expect(allocations(root.dir)).toEqual([...two.use.reservations.values()])
  two.use.close()
  expect(allocations(root.dir)).toEqual([])
})

test('closing while an allocation is under way leaves nothing held', async () => {
  const port = await freePort()
  const ports = createPorts({ services: { web: { preferred: port, strict: true } } })
  const late = ports.allocate('web')
  const anonymous = ports.reserve({ count: 3 })
  const closed = ports.close()
  await expect(late).rejects.toMatchObject({ code: 'PORTS_CLOSED' })
  await expect(anonymous).rejects.toMatchObject({ code: 'PORTS_CLOSED' })
  await closed
  expect(await isFree(port)).toBe(true)
})

describe('fromEnvOr', () => {
  const NAME = 'PORTS_TEST_FROM_ENV'

  test("takes the variable's port before the default", async () => {
    const [from, to] = await freeRange(2)
    process.env[NAME] = String(to)
    await using ports = createPorts()
    try {
      expect(await ports.fromEnvOr(NAME, from)).toMatchObject({
        service: 'main',
        port: to,
        source: 'env',
      })
      expect(ports.env()).toMatchObject({ [NAME]: String(to) })
    } finally {
      delete process.env[NAME]
    }
  })

  test('takes the default without it, and says when it is no port', async () => {
    const port = await freePort()
    process.env[NAME] = 'eighty'
    await using ports = createPorts()
    const warnings: string[] = []
    ports.on('warning', ({ message }) => warnings.push(message))
    try {
      expect(await ports.fromEnvOr(NAME, port, 'web')).toMatchObject({
        service: 'web',
        port,
        source: 'preferred',
      })
    } finally {
      delete process.env[NAME]
    }
    expect(warnings).toEqual([
      `${NAME} should be a port from 1 to 65535 but is "eighty"; ignored for "web".`,
    ])
    await expect(ports.fromEnvOr(NAME, 0)).rejects.toThrow('fallback: 0 is no port')
  })
})

test('the plain functions share one instance, which is made anew after close()', async () => {
  const [from, to] = await freeRange(2)
  const web = await allocate('web', from)
  expect(defaultPorts().get('web')).toBe(web)
  expect(get('web')).toBe(web)
  await fromEnvOr('PORTS_TEST_UNSET', to)
  expect(portsByService()).toEqual({ web: from, main: to })
  expect(env()).toMatchObject({ WEB_PORT: String(from), PORTS_TEST_UNSET: String(to) })
  await close()
  expect(await isFree(from)).toBe(true)
  expect(portsByService()).toEqual({})
  expect(await allocateAll()).toEqual({})
})

test('status tells who listens, and what is only held', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(3)
  await using ports = createPorts({
    root: root.dir,
    services: { web: from, api: { preferred: to, host: '127.0.0.1' } },
  })
  const { web } = await ports.allocateAll()
  await using loose = await ports.reserve({ range: [from + 1, from + 1], label: 'spare' })
  const server = createServer()
  web?.adoptInto(server)
  const status = await ports.status()
  expect(status.map(({ service, port, inUse, state }) => [service, port, inUse, state])).toEqual([
    ['web', from, true, 'serving'],
    ['spare', loose.port, false, 'held'],
    ['api', to, false, 'held'],
  ])
  for (const { pid, command, since } of status) {
    expect(pid).toBe(process.pid)
    expect(command).toBeTruthy()
    expect(Math.abs(Date.parse(since) - Date.now())).toBeLessThan(60_000)
  }
  server.close()
})

test('isAvailable and findAvailable see listeners on any address, and leases', async () => {
  const [from, to] = await freeRange(4)
  await using ports = createPorts()
  expect(await ports.isAvailable(from)).toBe(true)
  await using _four = await occupy('127.0.0.1', from)
  await using _all = await occupy(undefined, from + 1)
  await using other = createPorts()
  await other.reserve({ range: [from + 2, from + 2] })
  for (const port of [from, from + 1, from + 2]) {
    expect(await ports.isAvailable(port), String(port)).toBe(false)
    expect(await ports.isAvailable(port, '127.0.0.1'), String(port)).toBe(false)
  }
  expect(await ports.findAvailable(from, to)).toBe(to)
  expect(await ports.findAvailable(from, from + 2)).toBeUndefined()
  expect(await isFree(to)).toBe(true)
  expect(await ports.isAvailable(to, '192.0.2.1')).toBe(false)
  await expect(ports.findAvailable(to, from)).rejects.toThrow(`to: ${from} is no last port`)
  await expect(ports.isAvailable(70_000)).rejects.toThrow('port: 70000 is no port')
})

test('nothing keeps a process alive, and a pending wait does until it is over', async () => {
  using root = tempRoot()
  const port = await freePort()
  const script = `
    import { createPorts, waitFor } from 'unplugin-ports/api'
    const ports = createPorts({ root: ${JSON.stringify(root.dir)}, services: { web: ${port} } })
    for (const name of ['allocated', 'conflict', 'utilisation']) ports.on(name, () => {})
    await ports.allocateAll()
    await ports.reserve({ count: 3 })
    await ports.status()
    await ports.utilisation()
    await ports.explain('web')
    if (process.argv[1]) await waitFor(${port}, { timeoutMs: 300 }).catch((error) => console.log(error.code))
    console.log('at the end')`
  for (const wait of [[], ['wait']]) {
    await using child = startNode(['--input-type=module', '-e', script, ...wait], { cwd: repo })
    expect(await child.ended).toEqual({ code: 0, signal: null })
    expect(child.output()).toBe(wait.length > 0 ? 'PORTS_TIMEOUT\nat the end\n' : 'at the end\n')
  }
  expect(await isFree(port)).toBe(true)
})

test('a socket and a UDP port are services like others', async () => {
  using root = tempRoot()
  const port = await freePort()
  await using ports = createPorts({
    root: root.dir,
    services: { sock: { protocol: 'unix', path: 'a.sock' } },
  })
  const { sock } = await ports.allocateAll()
  const named = await ports.reserve({
    services: {
      other: { protocol: 'unix', path: 'b.sock' },
      third: { protocol: 'unix', path: 'c.sock' },
      echo: { protocol: 'udp', preferred: port },
    },
  })
  expect(ports.reservations()).toHaveLength(4)
  expect((await ports.explain('sock')).text).toContain(`sock has ${sock?.path}: `)
  await expect(ports.waitFor('sock')).rejects.toThrow('"sock" has no TCP port')
  // The TCP port of the same number is another one.
  expect(await ports.release(port)).toEqual([])
  expect(await ports.release('sock')).toEqual([0])
  expect(ports.reservations()).toHaveLength(3)
  await named.release()
  expect(ports.reservations()).toEqual([])
})

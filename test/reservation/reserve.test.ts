import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allocations, PortsError, reserve, whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { freePort, freeRange, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

const LISTEN = `
  import net from 'node:net'
  const [port, host] = process.argv.slice(1)
  net.createServer().listen({ port: Number(port), ...(host && { host }) }, () => console.log('up'))`

/** A program of somebody else that listens on `port`, working in `cwd`. */
function stranger(port: number, host: string | undefined, cwd: string) {
  return startNode(['--input-type=module', '-e', LISTEN, String(port), ...(host ? [host] : [])], {
    cwd,
  })
}

test('a preferred port that is free is held until it is released', async () => {
  const port = await freePort()
  using root = tempRoot()
  const held = await reserve({ root: root.dir, services: { web: port } })
  const web = held.services.web
  expect(web).toMatchObject({ port, source: 'preferred', state: 'held', host: 'localhost' })
  expect(web?.url).toBe(`http://localhost:${port}`)
  expect(await isFree(port)).toBe(false)
  expect(held.env()).toEqual({ WEB_PORT: String(port), WEB_URL: `http://localhost:${port}` })
  expect(allocations(root.dir).map((a) => a.service)).toEqual(['web'])
  await held.release()
  await held.release()
  expect(await isFree(port)).toBe(true)
  expect(allocations(root.dir)).toEqual([])
})

const OCCUPANTS = hasIPv6
  ? ([undefined, '127.0.0.1', '::1', '0.0.0.0', '::'] as const)
  : ([undefined, '127.0.0.1', '0.0.0.0'] as const)
const HOSTS = hasIPv6
  ? ([undefined, 'localhost', '127.0.0.1', '::1', true, '0.0.0.0', '::'] as const)
  : ([undefined, 'localhost', '127.0.0.1', true, '0.0.0.0'] as const)

for (const taken of OCCUPANTS) {
  for (const host of HOSTS) {
    test(`a listener on ${taken ?? 'all interfaces'} makes the port busy for a server on ${host ?? 'the default host'}`, async () => {
      const [from, to] = await freeRange(2)
      await using occupied = await occupy(taken, from)
      using root = tempRoot()
      await using held = await reserve({
        root: root.dir,
        services: { web: { preferred: occupied.port, range: [from, to], ...(host && { host }) } },
      })
      expect(held.services.web).toMatchObject({ port: to, source: 'range' })
      expect(held.services.web?.attempts[0]).toMatchObject({ port: from, rejected: 'in-use' })
    })
  }
}

test('the hold is on the asked address and no wider', async () => {
  const port = await freePort()
  using root = tempRoot()
  await using held = await reserve({
    root: root.dir,
    services: { web: { preferred: port, host: '127.0.0.1' } },
  })
  const server = createServer((_request, response) => response.end('ok'))
  held.services.web?.adoptInto(server)
  expect(server.address()).toMatchObject({ address: '127.0.0.1', port })
  expect(held.services.web?.state).toBe('serving')
  expect(() => held.services.web?.adoptInto(createServer())).toThrow(
    expect.objectContaining({ code: 'PORTS_NOT_HELD' }),
  )
  await held.release()
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('ok')
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
})

test('all or nothing: when one required service fails, the others are released', async () => {
  const free = await freePort()
  await using taken = await occupy('127.0.0.1')
  using root = tempRoot()
  const attempt = reserve({
    root: root.dir,
    services: { web: free, api: { preferred: taken.port, strict: true } },
  })
  await expect(attempt).rejects.toThrow(PortsError)
  const error = (await attempt.catch((error: unknown) => error)) as PortsError
  expect(error.code).toBe('PORTS_TAKEN')
  expect(error.problems).toHaveLength(1)
  expect(error.problems[0]?.attempts[0]?.holder?.pid).toBe(process.pid)
  expect(error.message).toContain(`"api" may only use ${taken.port}`)
  expect(error.message).toContain(`pid ${process.pid}`)
  expect(await isFree(free)).toBe(true)
  expect(allocations(root.dir)).toEqual([])
})

test('a service that is not required is reported as missing instead', async () => {
  const [from, to] = await freeRange(2)
  await using taken = await occupy('127.0.0.1', from)
  using root = tempRoot()
  await using held = await reserve({
    root: root.dir,
    services: {
      extra: { preferred: taken.port, strict: true, required: false },
      web: { preferred: to },
    },
  })
  expect(Object.keys(held.services)).toEqual(['web'])
})

test('an exhausted range lists every port with its holder', async () => {
  const [from, to] = await freeRange(2)
  using elsewhere = tempRoot()
  elsewhere.write({ 'package.json': '{}' })
  await using one = stranger(from, '127.0.0.1', elsewhere.dir)
  await one.sees(/up/)
  using other = tempRoot()
  await using leased = await reserve({ root: other.dir, services: { queue: to } })
  expect(leased.services.queue?.port).toBe(to)
  using root = tempRoot()
  const error = (await reserve({
    root: root.dir,
    services: { api: { range: [from, to] } },
  }).catch((error: unknown) => error)) as PortsError
  expect(error.code).toBe('PORTS_RANGE_EXHAUSTED')
  expect(error.message).toContain(`no free port for "api" in ${from}-${to} (2 attempts).`)
  expect(error.message).toMatch(new RegExp(`${from}  held by node .* \\(pid ${one.pid}\\)`))
  expect(error.message).toMatch(new RegExp(`${to}  held by .*pid ${process.pid}`))
  expect(error.message).toContain('Widen services.api.range or stop one of these.')
})

test('a port variable of the environment comes first', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  process.env.PORTS_TEST_WEB_PORT = String(to)
  try {
    await using held = await reserve({
      root: root.dir,
      services: { web: { preferred: from, env: 'PORTS_TEST_WEB_PORT' } },
    })
    expect(held.services.web).toMatchObject({ port: to, source: 'env' })
  } finally {
    delete process.env.PORTS_TEST_WEB_PORT
  }
})

test('a host that no machine has is explained', async () => {
  using root = tempRoot()
  const service = { preferred: await freePort(), host: '192.0.2.1' }
  await expect(reserve({ root: root.dir, services: { web: service } })).rejects.toMatchObject({
    code: 'PORTS_NO_ADDRESS',
    message: expect.stringContaining('services.web.host') as string,
  })
  const name = { ...service, host: 'no-such-host.invalid' }
  await expect(reserve({ root: root.dir, services: { web: name } })).rejects.toMatchObject({
    code: 'PORTS_NO_ADDRESS',
  })
})

test('two roots never share a port, and the second is told whose the first is', async () => {
  const [from, to] = await freeRange(2)
  using one = tempRoot()
  using two = tempRoot()
  one.write({ 'package.json': '{}' })
  const services = { web: { preferred: from, range: [from, to] as [number, number] } }
  // Without memory, so that the lease alone keeps them apart.
  await using first = await reserve({ root: one.dir, services, sticky: false })
  await using second = await reserve({ root: two.dir, services, sticky: false })
  expect(first.services.web?.port).toBe(from)
  expect(second.services.web).toMatchObject({ port: to, source: 'range' })
  expect(second.services.web?.attempts[0]?.rejected).toBe('leased')
  expect(await whoHolds(from)).toMatchObject({
    via: 'lease',
    service: 'web',
    root: one.dir,
    checkout: one.dir,
    pid: process.pid,
  })
})

test('whoHolds knows strangers by pid, command and directory, and nobody as nobody', async () => {
  const port = await freePort()
  using root = tempRoot()
  root.write({ 'package.json': '{}', 'sub/x': '' })
  expect(await whoHolds(port)).toBeUndefined()
  await using program = stranger(port, '127.0.0.1', join(root.dir, 'sub'))
  await program.sees(/up/)
  const holder = await whoHolds(port)
  expect(holder).toMatchObject({
    via: 'system',
    pid: program.pid,
    cwd: join(root.dir, 'sub'),
    checkout: root.dir,
  })
  expect(holder?.command).toMatch(/^node /)
})

test('twenty processes that want the same ports at once get different ones', async () => {
  const [from] = await freeRange(60)
  using root = tempRoot()
  const script = `
    import { reserve } from 'unplugin-ports/api'
    import { mkdtempSync } from 'node:fs'
    const held = await reserve({ root: mkdtempSync(${JSON.stringify(`${root.dir}/r-`)}), services: {
      a: { preferred: ${from}, range: [${from}, ${from + 59}] },
      b: { preferred: ${from}, range: [${from}, ${from + 59}] },
    } })
    console.log('ports', held.services.a.port, held.services.b.port, '.')
    process.stdin.resume().on('end', () => process.exit())`
  const children = Array.from({ length: 20 }, () =>
    startNode(['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['pipe', 'pipe', 'pipe'],
    }),
  )
  try {
    const seen = await Promise.all(children.map((child) => child.sees(/ports (\d+) (\d+) \./)))
    const ports = seen.flatMap((match) => [Number(match[1]), Number(match[2])])
    expect(new Set(ports).size).toBe(40)
    expect(Math.max(...ports)).toBeLessThanOrEqual(from + 59)
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
  expect(await isFree(from)).toBe(true)
}, 120_000)

test('a held port keeps no process alive', async () => {
  const port = await freePort()
  using root = tempRoot()
  await using child = startNode(
    [
      '--input-type=module',
      '-e',
      `import { reserve } from 'unplugin-ports/api'
       const held = await reserve({ root: ${JSON.stringify(root.dir)}, services: { web: ${port} } })
       console.log('held', held.services.web.port)`,
    ],
    { cwd: join(import.meta.dirname, '../..') },
  )
  await child.sees(new RegExp(`held ${port}`))
  expect((await child.ended).code).toBe(0)
  expect(await isFree(port)).toBe(true)
})

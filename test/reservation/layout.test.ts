import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { move, PortsError, reserve, whoHolds } from '../../src/api.ts'
import { Lease } from '../../src/lease/lease.ts'
import { leaseName } from '../../src/lease/names.ts'
import type { SessionUse } from '../../src/reservation/session.ts'
import { leasePlace } from '../../src/reservation/who-holds.ts'
import { startNode } from '../_utils/children.ts'
import { type OpenOptions, openLater, openSync } from '../_utils/session.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

function portsOf(use: SessionUse): Record<string, number> {
  return Object.fromEntries([...use.reservations].map(([name, { port }]) => [name, port]))
}

async function errorOf(work: () => unknown): Promise<PortsError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof PortsError) return error
    throw error
  }
  throw new Error('it did not fail')
}

// Each may run in a host whose hooks wait, and in one whose hooks may not.
const WAYS: [string, typeof openLater | typeof openSync][] = [
  ['waiting', openLater],
  ['at once', openSync],
]

describe.each(WAYS)('a block, %s', (_, open) => {
  test('is in a row beside a neighbour, and what was tried for others is let go', async () => {
    const [from, to] = await freeRange(8)
    await using _neighbour = await occupy('127.0.0.1', from + 2)
    using root = tempRoot()
    const api = { count: 3, contiguous: true, range: [from, to] } as const
    const use = await open(root.dir, { api })
    expect(portsOf(use)).toEqual({ api: from + 3, 'api-2': from + 4, 'api-3': from + 5 })
    expect(await Promise.all([from, from + 1].map((port) => isFree(port)))).toEqual([true, true])
    expect(await isFree(from + 4)).toBe(false)
    const traces = [...use.reservations.values()].map(({ attempts }) =>
      attempts.map(({ port, rejected }) => `${port - from} ${rejected ?? 'chosen'}`),
    )
    expect(traces).toEqual([
      ['0 broken-block', '2 in-use', '3 chosen'],
      ['1 broken-block', '2 in-use', '4 chosen'],
      ['2 in-use', '5 chosen'],
    ])
    use.close()
    expect(await isFree(from + 4)).toBe(true)
  })

  test('that can not be had is one error, which names what stands in the way', async () => {
    const [from, to] = await freeRange(5)
    await using _middle = await occupy('127.0.0.1', from + 2)
    using root = tempRoot()
    const api = { count: 3, contiguous: true, range: [from, to] } as const
    const error = await errorOf(() => open(root.dir, { api }))
    expect(error.code).toBe('PORTS_RANGE_EXHAUSTED')
    expect(error.problems).toMatchObject([
      { service: 'api', inARow: 3, attempts: [{ port: from + 2, rejected: 'in-use' }] },
    ])
    expect(error.message).toMatch(/^no 3 free ports in a row for "api"; in the way:\n/)
    expect(error.message).toContain(`${from + 2}  held by `)
    expect(error.message).toContain(`pid ${process.pid}`)
    for (let port = from; port <= to; port++) {
      expect(await isFree(port)).toBe(port !== from + 2)
      expect((await whoHolds(port))?.via).toBe(port === from + 2 ? 'system' : undefined)
    }
  })

  test('of servers that others start is leased as a whole', async () => {
    const [from, to] = await freeRange(6)
    await using _neighbour = await occupy('127.0.0.1', from + 1)
    using root = tempRoot()
    const api = { count: 3, contiguous: true, range: [from, to] } as const
    const use = await open(root.dir, { api }, { hold: false })
    expect(portsOf(use)).toEqual({ api: from + 2, 'api-2': from + 3, 'api-3': from + 4 })
    expect(await whoHolds(from)).toBeUndefined()
    expect(await whoHolds(from + 4)).toMatchObject({ service: 'api-3', state: 'leased' })
    // A second server of the same root talks to the same ones.
    const other = await open(root.dir, { api }, { hold: false })
    expect([...other.reservations.values()]).toEqual([...use.reservations.values()])
    use.close()
    other.close()
    expect(await whoHolds(from + 4)).toBeUndefined()
  })

  test('is kept over a restart, and grows where it is', async () => {
    const [from, to] = await freeRange(8)
    const taken = await occupy('127.0.0.1', from)
    using root = tempRoot()
    const api = { count: 2, contiguous: true, range: [from, to] } as const
    const first = await open(root.dir, { api })
    expect(portsOf(first)).toEqual({ api: from + 1, 'api-2': from + 2 })
    await taken[Symbol.asyncDispose]()
    const second = await open(root.dir, { api }, { previous: first })
    expect([...second.reservations.values()]).toEqual([...first.reservations.values()])
    first.close()
    const preferred = { ...api, preferred: from + 1 }
    const third = await open(root.dir, { api: { ...preferred, count: 3 } }, { previous: second })
    second.close()
    expect(portsOf(third)).toEqual({ api: from + 1, 'api-2': from + 2, 'api-3': from + 3 })
    expect(await isFree(from + 2)).toBe(false)
    third.close()
    expect(await isFree(from + 2)).toBe(true)
  })
})

test('a block whose server of this checkout still runs is where it was', async () => {
  const [from, to] = await freeRange(8)
  using root = tempRoot()
  root.write({ 'package.json': '{}' })
  const script = `
    import net from 'node:net'
    net.createServer().listen(${from + 4}, '127.0.0.1', () => console.log('up'))`
  await using api = startNode(['--input-type=module', '-e', script], { cwd: root.dir })
  await api.sees(/up/)
  const services = { api: { count: 2, contiguous: true, range: [from, to] as const } }
  const before: OpenOptions = {
    hold: false,
    remembered: { api: from + 3, 'api-2': from + 4 },
  }
  const use = await openLater(root.dir, services, before)
  expect([...use.reservations.values()].map(({ port, state }) => [port, state])).toEqual([
    [from + 3, 'leased'],
    [from + 4, 'running'],
  ])
  use.close()
})

test('a full range of several: the server of this checkout that is there is one of them', async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  using other = tempRoot()
  for (const { dir } of [root, other]) execFileSync('git', ['init', '-q', dir])
  const listen = (port: number): string =>
    `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`
  const services = { api: { count: 2, range: [from, to] } } as const
  const states = async (): Promise<unknown[]> => {
    const use = await openLater(root.dir, services, { hold: false })
    const found = [...use.reservations.values()].map(({ port, state }) => [port, state])
    use.close()
    return found
  }
  {
    await using api = startNode(['-e', listen(to)], { cwd: root.dir })
    await api.sees(/up/)
    expect(await states()).toEqual([
      [from, 'leased'],
      [to, 'running'],
    ])
    await using first = startNode(['-e', listen(from)], { cwd: root.dir })
    await first.sees(/up/)
    expect(await states()).toEqual([
      [from, 'running'],
      [to, 'running'],
    ])
  }
  await using foreign = startNode(['-e', listen(to)], { cwd: other.dir })
  await foreign.sees(/up/)
  expect((await errorOf(states)).code).toBe('PORTS_RANGE_EXHAUSTED')
})

test('several ports that need not be in a row are the first free ones, and only real attempts are told', async () => {
  const [from, to] = await freeRange(6)
  await using _neighbour = await occupy('127.0.0.1', from + 1)
  using root = tempRoot()
  await using held = await reserve({
    root: root.dir,
    services: { api: { count: 3, range: [from, to] } },
  })
  const { services } = held
  expect(Object.values(services).map(({ port }) => port)).toEqual([from, from + 2, from + 3])
  expect(services['api-3']?.attempts).toMatchObject([
    { port: from + 1, rejected: 'in-use' },
    { port: from + 3 },
  ])
  expect(held.env()).toMatchObject({
    API_PORT: String(from),
    API_PORT_1: String(from),
    API_PORT_2: String(from + 2),
    API_PORT_3: String(from + 3),
    API_URL_3: `http://localhost:${from + 3}`,
  })
})

test('the higher priority chooses first; the result is in the order written', async () => {
  const [from, to] = await freeRange(3)
  using root = tempRoot()
  const range = [from, to] as const
  await using held = await reserve({
    root: root.dir,
    services: { late: { range, priority: -1 }, usual: { range }, first: { range, priority: 5 } },
  })
  expect(Object.entries(held.services).map(([name, { port }]) => [name, port - from])).toEqual([
    ['late', 2],
    ['usual', 1],
    ['first', 0],
  ])
  expect(held.services.late?.attempts[0]).toEqual({
    port: from,
    source: 'range',
    rejected: 'own-service',
  })
})

describe.each(WAYS)('a group, %s', (_, open) => {
  test('has all of its ports or none, and the others go on', async () => {
    const [from] = await freeRange(3)
    await using taken = await occupy('127.0.0.1')
    using root = tempRoot()
    const group = { group: 'data', required: false, strict: true }
    const services = {
      web: from + 2,
      one: { ...group, preferred: from },
      many: { ...group, preferred: from + 1 },
      bad: { ...group, preferred: taken.port },
      // Takes what the group gave up again.
      after: { preferred: from, strict: true },
    }
    const use = await open(root.dir, services)
    expect(portsOf(use)).toEqual({ web: from + 2, after: from })
    expect(use.missing.map(({ service, code, group }) => [service, code, group])).toEqual([
      ['one', 'PORTS_GROUP', { name: 'data', failed: ['bad'] }],
      ['many', 'PORTS_GROUP', { name: 'data', failed: ['bad'] }],
      ['bad', 'PORTS_TAKEN', undefined],
    ])
    expect(await isFree(from + 1)).toBe(true)
    use.close()
  })

  test('in which a service is required fails the start, and the cause is told first', async () => {
    const free = await freePort()
    await using taken = await occupy('127.0.0.1')
    using root = tempRoot()
    const error = await errorOf(() =>
      open(root.dir, {
        db: { group: 'data', preferred: free },
        ui: { group: 'data', preferred: taken.port, strict: true, required: false },
      }),
    )
    expect(error.code).toBe('PORTS_TAKEN')
    expect(error.problems.map(({ service }) => service)).toEqual(['ui', 'db'])
    expect(error.message).toContain(
      '"db" got no port either: its group "data" is not complete without "ui".',
    )
    expect(await isFree(free)).toBe(true)
  })

  test('with a block in it gives the block up as a whole', async () => {
    const [from, to] = await freeRange(3)
    await using taken = await occupy('127.0.0.1')
    using root = tempRoot()
    const group = { group: 'data', required: false }
    const use = await open(root.dir, {
      api: { ...group, count: 3, contiguous: true, range: [from, to] },
      bad: { ...group, preferred: taken.port, strict: true },
    })
    expect(portsOf(use)).toEqual({})
    expect(use.missing).toHaveLength(4)
    expect(await isFree(from + 1)).toBe(true)
    use.close()
  })
})

test('a pool of ports that are never chosen says so', async () => {
  using root = tempRoot()
  const error = await errorOf(() =>
    reserve({
      root: root.dir,
      pools: { system: '100-101', busy: '6665-6666' },
      services: { old: { pool: 'system' }, irc: { pool: 'busy' } },
    }),
  )
  expect(error.message).toContain('100  below 1024, taken only when preferred by number')
  expect(error.message).toContain(
    'Choose another range for pools.system: these are never chosen from a range.',
  )
  expect(error.message).toContain('6665  refused by browsers')
})

test("a port that was another block's part for a moment is tried again", async () => {
  const [from, to] = await freeRange(2)
  using root = tempRoot()
  const { platform, stateDir } = leasePlace(process.env, process.platform)
  const lease = Lease.claim(leaseName(to, platform, stateDir), () => {
    throw new Error('nobody asks')
  })
  let rounds = 0
  // The order of a range is made as it is walked through: by the second port, the block that begins
  // with the first one has been tried.
  const random = (): number => {
    if (++rounds === 2) lease?.end()
    return 0
  }
  const api = { count: 2, contiguous: true, range: [from, to], strategy: 'random' } as const
  const use = await openLater(root.dir, { api }, { facts: { random } })
  expect(portsOf(use)).toEqual({ api: from, 'api-2': to })
  expect(use.reservations.get('api-2')?.attempts).toMatchObject([
    { port: to, rejected: 'leased' },
    { port: to },
  ])
  use.close()
})

test('one port of a block is not moved by itself', async () => {
  const [from, to] = await freeRange(4)
  using root = tempRoot()
  await using held = await reserve({
    root: root.dir,
    services: { api: { count: 2, contiguous: true, range: [from, to] } },
  })
  const error = await errorOf(() => move('api-2', { root: root.dir }))
  expect(error.code).toBe('PORTS_IN_A_ROW')
  expect(error.message).toContain('Change services.api.preferred')
  expect(held.services['api-2']?.port).toBe(from + 1)
})

test('a failed pool is told by its name', async () => {
  const [from, to] = await freeRange(1)
  await using _taken = await occupy('127.0.0.1', from)
  using root = tempRoot()
  const error = await errorOf(() =>
    reserve({
      root: root.dir,
      pools: { databases: [from, to] },
      services: { pg: { pool: 'databases' } },
    }),
  )
  expect(error.message).toContain('Widen pools.databases or stop one of these.')
})

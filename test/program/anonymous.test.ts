import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import {
  close,
  createPorts,
  isReserved,
  PortsError,
  PortsOptionError,
  release,
  reservations,
  reserve,
  whoHolds,
} from '../../src/api.ts'
import { candidatesOf } from '../../src/program/anonymous.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

afterEach(() => close())

test('one port, from 15000 on, held until it is released', async () => {
  const one = await reserve()
  expect(one.port).toBeGreaterThanOrEqual(15_000)
  expect(one).toMatchObject({ service: 'anonymous', state: 'held', source: 'range' })
  expect(await isFree(one.port)).toBe(false)
  expect(isReserved(one.port)).toBe(true)
  expect(reservations()).toEqual([one])
  await one.release()
  expect(await isFree(one.port)).toBe(true)
  expect(isReserved(one.port)).toBe(false)
  expect(reservations()).toEqual([])
})

test('several ports are a list that is released as one, in this tick', async () => {
  const [from, to] = await freeRange(5)
  let ports: number[]
  {
    using three = await reserve({ count: 3, range: [from, to] })
    ports = three.map(({ port }) => port)
    expect(ports).toEqual([from, from + 1, from + 2])
  }
  expect(ports.map(isReserved)).toEqual([false, false, false])
  expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true])
  {
    await using three = await reserve({ count: 3, range: `${from}-${to}` })
    expect(three.map(({ port }) => port)).toEqual(ports)
  }
  expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true])
})

test('a single reservation ends with `using` too', async () => {
  const [from] = await freeRange(1)
  {
    using one = await reserve({ range: [from, from] })
    expect(one.port).toBe(from)
  }
  expect(await isFree(from)).toBe(true)
})

describe('ranges', () => {
  test('with both ends, or without the last port', async () => {
    const [from, to] = await freeRange(3)
    const all = await reserve({ count: 3, range: [from, to] })
    expect(all.at(-1)?.port).toBe(to)
    await all.release()
    const fewer = await reserve({ count: 2, range: { from, until: to } })
    expect(fewer.map(({ port }) => port)).toEqual([from, from + 1])
    await fewer.release()
    await expect(reserve({ count: 3, range: { from, until: to } })).rejects.toMatchObject({
      code: 'PORTS_RANGE_EXHAUSTED',
      message: expect.stringContaining(`only 2 of 3 ports could be had in ${from}-${to - 1}`),
    })
  })

  test('ephemeral ports come last, and are taken when nothing else is left', () => {
    const facts = { ephemeral: { from: 30_002, to: 30_003 }, exclude: [], isMine: () => false }
    const ports = (from: number, to: number): number[] =>
      Array.from(candidatesOf({ from, to }, facts), ({ port }) => port)
    expect(ports(30_000, 30_004)).toEqual([30_000, 30_001, 30_004, 30_002, 30_003])
    expect(ports(30_002, 30_003)).toEqual([30_002, 30_003])
    const all = { ephemeral: { from: 1024, to: 65_535 }, exclude: [], isMine: () => false }
    expect(candidatesOf({ from: 15_000, to: 65_535 }, all).next().value?.port).toBe(15_000)
  })

  test('ports that browsers refuse or that need rights are passed over with their reason', () => {
    const facts = { ephemeral: { from: 60_000, to: 60_001 }, exclude: [], isMine: () => false }
    expect([...candidatesOf({ from: 6000, to: 6001 }, facts)]).toEqual([
      { port: 6000, source: 'range', rejected: 'blocked' },
      { port: 6001, source: 'range' },
    ])
    expect(candidatesOf({ from: 1021, to: 1021 }, facts).next().value).toEqual({
      port: 1021,
      source: 'range',
      rejected: 'privileged',
    })
  })

  test("an instance's excluded ports are never chosen", async () => {
    const [from, to] = await freeRange(3)
    await using ports = createPorts({ exclude: [`${from}-${from + 1}`] })
    const one = await ports.reserve({ range: [from, to] })
    expect(one.port).toBe(to)
    expect(one.attempts.map(({ rejected }) => rejected)).toEqual([
      'excluded',
      'excluded',
      undefined,
    ])
  })

  test('a block in a row begins behind what is taken', async () => {
    const [from, to] = await freeRange(6)
    await using _taken = await occupy('127.0.0.1', from + 2)
    await using block = await reserve({ count: 3, range: [from, to], contiguous: true })
    expect(block.map(({ port }) => port)).toEqual([from + 3, from + 4, from + 5])
    // What was tried for the block that failed is free again.
    expect(await isFree(from)).toBe(true)
    expect(await isFree(from + 1)).toBe(true)
    await using two = await reserve({ count: 2, range: [from, to], contiguous: true })
    expect(two.map(({ port }) => port)).toEqual([from, from + 1])
    await expect(reserve({ count: 1, range: [from, to], contiguous: true })).rejects.toThrow(
      PortsError,
    )
  })

  test('none of them when there are not enough, and the error says who is there', async () => {
    const [from, to] = await freeRange(3)
    await using _taken = await occupy('127.0.0.1', from + 1)
    const error = (await reserve({ count: 3, range: [from, to], label: 'shards' }).catch(
      (error: unknown) => error,
    )) as PortsError
    expect(error.code).toBe('PORTS_RANGE_EXHAUSTED')
    expect(error.message).toContain(`only 2 of 3 ports could be had in ${from}-${to} for "shards".`)
    expect(error.message).toMatch(new RegExp(`${from + 1}  held by .*pid ${process.pid}`))
    expect(await isFree(from)).toBe(true)
    expect(await isFree(to)).toBe(true)
  })
})

test('the label is what others are told', async () => {
  using one = await reserve({ label: 'test-db' })
  expect(await whoHolds(one.port)).toMatchObject({ via: 'lease', service: 'test-db' })
})

test('an address that this machine does not have is an error', async () => {
  await expect(reserve({ count: 1, host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'PORTS_NO_ADDRESS',
  })
})

test.each([
  [{ count: 0 }, 'count: 0 is no count; expected a whole number from 1 to 65535.'],
  [{ count: 1.5 }, 'count: 1.5 is no count'],
  [{ range: '9-1' }, 'range: "9-1" is no range; expected "from-to" or [from, to] with both ends'],
  [{ range: { from: 9, until: 9 } }, 'is no range'],
  [{ range: { from: 9, to: 12 } }, 'is no range'],
  [{ count: 2, label: 'a b' }, 'label: "a b" is no label'],
  [{ count: 2, contigous: true }, 'Did you mean "contiguous"?'],
  [{ count: 2, services: {} }, 'count: unknown option'],
])('%j is refused: %s', async (options, message) => {
  const refused = reserve(options as { count: number })
  await expect(refused).rejects.toThrow(PortsOptionError)
  await expect(refused).rejects.toThrow(message)
})

test('release takes ports and services, and says what it had', async () => {
  const [from, to] = await freeRange(4)
  const three = await reserve({ count: 3, range: [from, to] })
  await using other = createPorts()
  const foreign = await other.reserve({ range: [from, to] })
  expect(foreign.port).toBe(to)
  expect(await release(from)).toEqual([from])
  expect(await release([from + 1, from + 2, to, 1])).toEqual([from + 1, from + 2])
  expect(three.map(({ port }) => isReserved(port))).toEqual([false, false, false])
  expect(isReserved(to)).toBe(true)
})

test('what reserve({ services }) had is among the reservations', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  const held = await reserve({ root: root.dir, services: { web: from, api: to } })
  expect(reservations().map(({ service }) => service)).toEqual(['web', 'api'])
  expect(await release(from)).toEqual([from])
  expect(await isFree(from)).toBe(true)
  expect(reservations().map(({ service }) => service)).toEqual(['api'])
  await held.release()
  expect(reservations()).toEqual([])
})

test('any number of calls at once in one process', async () => {
  const [from, to] = await freeRange(80)
  const instances = Array.from({ length: 4 }, () => createPorts())
  try {
    const lists = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (instances[index % 4] as (typeof instances)[0]).reserve({ count: 3, range: [from, to] }),
      ),
    )
    const ports = lists.flatMap((list) => list.map(({ port }) => port))
    expect(new Set(ports).size).toBe(60)
  } finally {
    await Promise.all(instances.map((instance) => instance.close()))
  }
  expect(await isFree(from)).toBe(true)
})

/** A program that reserves at a signal, says which ports it got, and keeps them. */
const TAKE = (from: number, to: number): string => `
  import { reserve } from 'unplugin-ports/api'
  const list = await reserve({ count: 3, range: [${from}, ${to}] })`

test('twenty processes at once, without a duplicate', async () => {
  const [from, to] = await freeRange(60)
  const script = `${TAKE(from, to)}
    console.log('ports', ...list.map(({ port }) => port), '.')
    process.stdin.resume()`
  const children = Array.from({ length: 20 }, () =>
    startNode(['--input-type=module', '-e', script], {
      cwd: repo,
      stdio: ['pipe', 'pipe', 'pipe'],
    }),
  )
  try {
    const seen = await Promise.all(children.map((child) => child.sees(/ports (.*) \./)))
    const ports = seen.flatMap((match) => (match[1] ?? '').split(' ').map(Number))
    expect(new Set(ports).size).toBe(60)
    expect(isReserved(from)).toBe(true)
    await expect(reserve({ range: [from, to] })).rejects.toThrow(PortsError)
    // A crash gives its ports back at once.
    const [crashed] = children
    await crashed?.end('SIGKILL')
    using again = await reserve({ range: [from, to] })
    expect((seen[0]?.[1] ?? '').split(' ').map(Number)).toContain(again.port)
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}, 120_000)

test('worker threads and the main thread, without a duplicate', async () => {
  const [from, to] = await freeRange(18)
  const script = `import { parentPort } from 'node:worker_threads'${TAKE(from, to)}
    parentPort.postMessage(list.map(({ port }) => port))
    parentPort.on('message', () => process.exit())`
  using root = tempRoot()
  root.write({ 'take.mjs': script.replace('unplugin-ports/api', join(repo, 'dist/api.mjs')) })
  const workers = Array.from({ length: 5 }, () => new Worker(join(root.dir, 'take.mjs')))
  try {
    const own = reserve({ count: 3, range: [from, to] })
    const lists = await Promise.all(
      workers.map(async (worker) => (await once(worker, 'message'))[0] as number[]),
    )
    using mine = await own
    const ports = [...lists.flat(), ...mine.map(({ port }) => port)]
    expect(new Set(ports).size).toBe(18)
    expect(ports.every(isReserved)).toBe(true)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
})

test('two thousand ports at once', async () => {
  using many = await reserve({ count: 2000 })
  expect(new Set(many.map(({ port }) => port)).size).toBe(2000)
  expect(many.every(({ state }) => state === 'held')).toBe(true)
})

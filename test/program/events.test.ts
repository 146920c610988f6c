import { expect, test, vi } from 'vitest'
import { createPorts, move, type PortsEvents } from '../../src/api.ts'
import { Emitter } from '../../src/program/emitter.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** Every event of an instance, as it comes. */
function record(ports: ReturnType<typeof createPorts>): [keyof PortsEvents, unknown][] {
  const seen: [keyof PortsEvents, unknown][] = []
  const names = ['allocated', 'released', 'conflict', 'exhausted', 'moved', 'error'] as const
  for (const name of names) ports.on(name, (event) => seen.push([name, event]))
  return seen
}

test('allocated, conflict with its holder, released', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using taken = await occupy('127.0.0.1', from)
  const ports = createPorts({ root: root.dir, services: { web: { range: [from, to] } } })
  const seen = record(ports)
  const reservation = await ports.allocate('web')
  expect(seen[0]).toEqual(['allocated', { service: 'web', port: to, reservation }])
  await until(() => seen.length === 2)
  expect(seen[1]).toMatchObject([
    'conflict',
    { service: 'web', port: taken.port, reason: 'in-use', holder: { pid: process.pid } },
  ])
  await ports.close()
  expect(seen.at(-1)).toEqual(['released', { service: 'web', port: to }])
  expect(seen).toHaveLength(3)
})

test('released is told however a port is given back', async () => {
  await using ports = createPorts()
  const seen = record(ports)
  const three = await ports.reserve({ count: 3 })
  await three[0]?.release()
  await ports.release(three[1]?.port ?? 0)
  three[2]?.[Symbol.dispose]()
  const released = seen.filter(([name]) => name === 'released')
  expect(released.map(([, event]) => event)).toEqual(
    three.map(({ port }) => ({ service: 'anonymous', port })),
  )
})

test('exhausted, for a required service and for one that is not', async () => {
  using root = tempRoot()
  const [from] = await freeRange(1)
  await using _taken = await occupy('127.0.0.1', from)
  await using ports = createPorts({
    root: root.dir,
    services: { extra: { preferred: from, strict: true, required: false } },
  })
  const seen = record(ports)
  await ports.allocateAll()
  expect(seen[0]).toMatchObject(['exhausted', { service: 'extra', code: 'PORTS_TAKEN' }])
  await expect(ports.reserve({ range: [from, from], label: 'loose' })).rejects.toThrow()
  expect(seen.filter(([name]) => name === 'exhausted')[1]).toMatchObject([
    'exhausted',
    { service: 'loose', code: 'PORTS_RANGE_EXHAUSTED' },
  ])
})

test('moved, and the port is found under its new number', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(4)
  await using ports = createPorts({ root: root.dir, services: { web: { range: [from, to] } } })
  const seen = record(ports)
  await ports.allocateAll()
  await move('web', { root: root.dir })
  expect(seen.at(-1)).toEqual(['moved', { service: 'web', from, to: from + 1 }])
  expect(ports.ports()).toEqual({ web: from + 1 })
  expect(await ports.release(from + 1)).toEqual([from + 1])
  expect(seen.at(-1)).toEqual(['released', { service: 'web', port: from + 1 }])
})

test('what a listener throws reaches error listeners only', async () => {
  await using ports = createPorts()
  const fault = new Error('listener')
  ports.on('allocated', () => {
    throw fault
  })
  ports.once('allocated', () => Promise.reject(fault))
  // Nobody listens for errors, and nothing happens.
  await ports.reserve()
  const errors: unknown[] = []
  ports.on('error', ({ error }) => {
    errors.push(error)
    throw fault
  })
  ports.on('error', ({ error }) => errors.push(error))
  await ports.reserve()
  await until(() => errors.length >= 2)
  expect(errors).toEqual([fault, fault])
})

test('on, once and off', () => {
  const events = new Emitter<{ error: { error: unknown }; tick: number }>()
  const [always, once, removed] = [vi.fn(), vi.fn(), vi.fn()]
  events.on('tick', always)
  events.on('tick', always)
  events.once('tick', once)
  const stop = events.on('tick', removed)
  events.emit('tick', 1)
  stop()
  stop()
  events.emit('tick', 2)
  events.off('tick', always)
  events.emit('tick', 3)
  expect(always.mock.calls).toEqual([[1], [2]])
  expect(once.mock.calls).toEqual([[1]])
  expect(removed.mock.calls).toEqual([[1]])
  expect(events.has('tick')).toBe(false)
})

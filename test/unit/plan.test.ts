import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { isBlockedPort } from '../../src/plan/blocked-ports.ts'
import { type Claim, NO_PAST, planPorts, type PlanFacts } from '../../src/plan/plan.ts'
import type { Options, ServiceOptions } from '../../src/types.ts'

const ephemeral = { from: 32_768, to: 60_999 }

function candidates(
  service: NonNullable<Options['services']>[string],
  facts: Partial<PlanFacts> = {},
  options: Options = {},
) {
  const resolved = resolveOptions({ ...options, services: { api: service } })
  const [plan] = planPorts(resolved, { ...NO_PAST, wishes: {}, ephemeral, ...facts })
  return [...(plan?.candidates() ?? [])]
}

test('typed, then variables, preferred, sticky, range, and each port once', () => {
  const list = candidates(
    { preferred: [3000, 4000], range: [3999, 4002] },
    {
      wishes: {
        api: [
          { port: 5000, source: 'typed', from: '--port' },
          { port: 5001, source: 'env', from: 'API_PORT' },
        ],
      },
      sticky: { api: 4001 },
    },
  )
  expect(list.map(({ port, source }) => `${source} ${port}`)).toEqual([
    'typed 5000',
    'env 5001',
    'preferred 3000',
    'preferred 4000',
    'sticky 4001',
    'range 3999',
    'range 4002',
  ])
})

test('strict stops after what was asked for by number', () => {
  expect(candidates({ preferred: [3000, 3001], strict: true }).map((c) => c.port)).toEqual([
    3000, 3001,
  ])
  expect(candidates({ preferred: 3000 }, {}, { strict: true }).map((c) => c.port)).toEqual([3000])
})

test('strict with no number asked for still has its range', () => {
  expect(candidates({ range: [3000, 3001], strict: true }).map((c) => c.port)).toEqual([3000, 3001])
})

test('without a range, the hundred from the preferred one and then any free one', () => {
  const list = candidates({ preferred: 3000 })
  expect(list[1]).toEqual({ port: 3001, source: 'range' })
  expect(list[99]).toEqual({ port: 3099, source: 'range' })
  expect(list[100]).toEqual({ port: 20_000, source: 'any' })
  expect(list.every((c) => c.port < ephemeral.from)).toBe(true)
})

test('ports that browsers refuse are never offered, whoever asks', () => {
  expect(isBlockedPort(6000)).toBe(true)
  expect(isBlockedPort(10_080)).toBe(true)
  expect(isBlockedPort(5173)).toBe(false)
  expect(candidates({ preferred: 6000, range: [6665, 6670] })).toEqual([
    { port: 6000, source: 'preferred', rejected: 'blocked' },
    { port: 6665, source: 'range', rejected: 'blocked' },
    { port: 6666, source: 'range', rejected: 'blocked' },
    { port: 6667, source: 'range', rejected: 'blocked' },
    { port: 6668, source: 'range', rejected: 'blocked' },
    { port: 6669, source: 'range', rejected: 'blocked' },
    { port: 6670, source: 'range' },
  ])
})

test('ephemeral and privileged ports only when asked for by number', () => {
  expect(candidates({ preferred: [40_000, 81], range: [32_767, 32_768] })).toEqual([
    { port: 40_000, source: 'preferred' },
    { port: 81, source: 'preferred' },
    { port: 32_767, source: 'range' },
    { port: 32_768, source: 'range', rejected: 'ephemeral' },
  ])
  expect(candidates({ range: [1023, 1024] })).toEqual([
    { port: 1023, source: 'range', rejected: 'privileged' },
    { port: 1024, source: 'range' },
  ])
})

test('a kernel whose ephemeral range was widened to everything leaves ports to choose', () => {
  const list = candidates({ preferred: 3000 }, { ephemeral: { from: 1024, to: 65_535 } })
  expect(list[1]).toEqual({ port: 3001, source: 'range' })
})

test('excluded ports are passed over, but not one that a person typed', () => {
  const list = candidates(
    { preferred: 3000, range: [3000, 3003] },
    { wishes: { api: [{ port: 3002, source: 'env', from: 'API_PORT' }] } },
    { exclude: [3000, '3002-3003'] },
  )
  expect(list).toEqual([
    { port: 3002, source: 'env' },
    { port: 3000, source: 'preferred', rejected: 'excluded' },
    { port: 3001, source: 'range' },
    { port: 3003, source: 'range', rejected: 'excluded' },
  ])
})

test('equal wants have equal keys, different ones different keys', () => {
  const key = (service: NonNullable<Options['services']>[string], facts: Partial<PlanFacts> = {}) =>
    planPorts(resolveOptions({ services: { api: service } }), {
      ...NO_PAST,
      wishes: {},
      ephemeral,
      ...facts,
    })[0]?.key
  expect(key(3000)).toBe(key({ preferred: [3000] }))
  // What was remembered is no want: the key of a restart must not depend on the first run's result.
  expect(key(3000, { sticky: { api: 3005 } })).toBe(key(3000))
  expect(key(3000)).not.toBe(key(3001))
  expect(key(3000)).not.toBe(key({ preferred: 3000, range: [3000, 3005] }))
})

test('property: every candidate is a port, offered once, and none that may not be offered', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const range = fc
    .tuple(port, fc.integer({ min: 0, max: 60 }))
    .map(([from, size]): [number, number] => [from, Math.min(65_535, from + size)])
  fc.assert(
    fc.property(
      fc.array(port, { minLength: 1, maxLength: 4 }),
      range,
      fc.array(fc.oneof(port, range), { maxLength: 3 }),
      fc.boolean(),
      (preferred, range, exclude, strict) => {
        const list = candidates({ preferred, range, strict }, {}, { exclude })
        const ports = list.map((c) => c.port)
        expect(new Set(ports).size).toBe(ports.length)
        for (const { port, source, rejected } of list) {
          expect(port).toBeGreaterThan(0)
          expect(port).toBeLessThanOrEqual(65_535)
          if (rejected) continue
          expect(isBlockedPort(port)).toBe(false)
          if (source === 'range') {
            expect(port).toBeGreaterThanOrEqual(Math.max(1024, range[0]))
            expect(port).toBeLessThanOrEqual(range[1])
            expect(port < ephemeral.from || port > ephemeral.to).toBe(true)
          }
        }
        // The plan is the same however often it is read.
        expect(candidates({ preferred, range, strict }, {}, { exclude })).toEqual(list)
      },
    ),
  )
})

test('the order of a strategy has every port once; equal seeds hash alike', () => {
  const ports = (service: ServiceOptions, facts: Partial<PlanFacts> = {}) =>
    candidates({ range: [4000, 4099], ...service }, facts).map((c) => c.port)
  const sorted = Array.from({ length: 100 }, (_, index) => 4000 + index)
  expect(ports({})).toEqual(sorted)
  for (const strategy of ['random', 'hash'] as const) {
    const list = ports({ strategy }, { seed: 'shop' })
    expect(list).not.toEqual(sorted)
    expect(list.toSorted((a, b) => a - b)).toEqual(sorted)
  }
  expect(ports({ strategy: 'hash' }, { seed: 'a' })).toEqual(
    ports({ strategy: 'hash' }, { seed: 'a' }),
  )
  expect(ports({ strategy: 'hash' }, { seed: 'a' })).not.toEqual(
    ports({ strategy: 'hash' }, { seed: 'b' }),
  )
})

test('a linked worktree leaves the preferred ports to the main one and hashes', () => {
  const list = candidates({ preferred: 4000 }, { linked: true, seed: 'feature-x' })
  expect(list[0]?.source).toBe('range')
  expect(list.findIndex((c) => c.port === 4000)).toBe(99)
  expect(list[99]?.source).toBe('preferred')
  const sticky = candidates({ preferred: 4000 }, { linked: true, sticky: { api: 4000 } })
  expect(sticky[0]).toEqual({ port: 4000, source: 'sticky' })
})

test('a linked worktree that may have nothing else takes the preferred port', () => {
  expect(candidates({ preferred: 4000, strict: true }, { linked: true })).toEqual([
    { port: 4000, source: 'preferred' },
  ])
})

test("another root's ports are passed over and given up last, the oldest first", () => {
  const claim = (port: number, at: number): [number, Claim] => [
    port,
    { port, service: 'web', root: '/a/web', checkout: '/a', branch: 'main', at },
  ]
  const claims = () => new Map([claim(4000, 2000), claim(4001, 1000)])
  const list = candidates({ preferred: 4000, range: [4000, 4002] }, { claims })
  expect(list.map((c) => [c.port, c.source, c.rejected])).toEqual([
    [4000, 'preferred', 'claimed'],
    [4001, 'range', 'claimed'],
    [4002, 'range', undefined],
    [4001, 'range', undefined],
    [4000, 'preferred', undefined],
  ])
  expect(list[0]?.holder).toEqual({
    port: 4000,
    via: 'memory',
    service: 'web',
    root: '/a/web',
    checkout: '/a',
    branch: 'main',
    since: '1970-01-01T00:00:02.000Z',
  })
  const wishes = { api: [{ port: 4000, source: 'typed', from: '--port' } as const] }
  expect(candidates(4000, { claims, wishes })[0]).toEqual({ port: 4000, source: 'typed' })
  expect(candidates({ preferred: 4000, strict: true }, { claims })).toEqual([
    { port: 4000, source: 'preferred' },
  ])
})

test("the ports of an API belong to the checkout's other roots as well", () => {
  const claim = { port: 4000, service: 'api', root: '/a/admin', checkout: '/a', at: 1 }
  const first = (facts: Partial<PlanFacts>, held = false) =>
    candidates(4000, { claims: () => new Map([[4000, { ...claim, held }]]), ...facts })[0]
  expect(first({ checkout: '/a' })).toEqual({ port: 4000, source: 'preferred' })
  expect(first({ checkout: '/b' })?.rejected).toBe('claimed')
  // Two programs that both are the API can't share its port, a program and its proxy do.
  expect(first({ checkout: '/a', holds: true })?.rejected).toBeUndefined()
  expect(first({ checkout: '/a' }, true)?.rejected).toBeUndefined()
  expect(first({ checkout: '/a', holds: true }, true)?.rejected).toBe('claimed')
})

test("what this root had itself is nobody else's, and other roots are not asked for", () => {
  const claims = () => {
    throw new Error('nobody needed to know')
  }
  const plan = (sticky: Record<string, number>) =>
    planPorts(resolveOptions({ services: { api: 4000 } }), {
      ...NO_PAST,
      wishes: {},
      ephemeral,
      sticky,
      claims,
    })[0]?.candidates()
  for (const first of plan({ api: 4000 }) ?? []) {
    expect(first).toEqual({ port: 4000, source: 'preferred' })
    break
  }
  expect(() => [...(plan({ api: 4001 }) ?? [])]).toThrow('nobody needed to know')
})

test("a sibling's remembered port comes last, unless it is preferred", () => {
  const facts = { sticky: { web: 4000 } }
  expect(candidates({ range: [4000, 4001] }, facts)).toEqual([
    { port: 4000, source: 'range', rejected: 'own-service' },
    { port: 4001, source: 'range' },
    { port: 4000, source: 'range' },
  ])
  expect(candidates({ preferred: 4000, range: [4000, 4001] }, facts)[0]).toEqual({
    port: 4000,
    source: 'preferred',
  })
})

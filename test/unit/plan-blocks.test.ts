import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { isBlockedPort } from '../../src/plan/blocked-ports.ts'
import { choosingOrder } from '../../src/plan/choosing-order.ts'
import { type Claim, NO_PAST, planPorts, type PlanFacts } from '../../src/plan/plan.ts'
import type { Options, ServiceOptions } from '../../src/types.ts'

const ephemeral = { from: 32_768, to: 60_999 }

function planOf(options: Options, facts: Partial<PlanFacts> = {}) {
  return planPorts(resolveOptions(options), { ...NO_PAST, wishes: {}, ephemeral, ...facts })
}

/** The blocks of an `api` with three ports in a row, as `first source reason`. */
function blocks(
  service: ServiceOptions,
  facts: Partial<PlanFacts> = {},
  options: Options = {},
): string[] {
  const api = { count: 3, contiguous: true, ...service }
  const plans = planOf({ ...options, services: { api } }, facts)
  const lists = plans.map((plan) =>
    [...plan.blocks()].map((block) => {
      expect(block).toHaveLength(3)
      const [first] = block
      block.forEach(({ port }, index) => expect(port).toBe((first?.port ?? 0) + index))
      const reasons = block.map(({ rejected }) => rejected ?? 'ok').join(' ')
      return `${first?.port} ${first?.source}: ${reasons}`
    }),
  )
  // Whichever of its services is asked, the block is the same one.
  for (const list of lists) expect(list).toEqual(lists[0])
  expect(new Set(plans.map(({ key }) => key)).size).toBe(1)
  return lists[0] ?? []
}

test('a block stays inside its range; a preferred one may begin anywhere', () => {
  expect(blocks({ preferred: 4000, range: [3000, 3003] })).toEqual([
    '4000 preferred: ok ok ok',
    '3000 range: ok ok ok',
    '3001 range: ok ok ok',
  ])
  expect(blocks({ preferred: 65_534, range: [3000, 3002] })).toEqual(['3000 range: ok ok ok'])
  expect(blocks({ preferred: 4000, strict: true })).toEqual(['4000 preferred: ok ok ok'])
})

test('a block with a port that may not be offered is none', () => {
  const found = blocks({ range: [6663, 6673] }, {}, { exclude: [6673] })
  expect(found[0]).toBe('6663 range: ok ok blocked')
  expect(found.filter((block) => block.endsWith('ok ok ok'))).toEqual(['6670 range: ok ok ok'])
  expect(found.at(-1)).toBe('6671 range: ok ok excluded')
})

test('whoever names the port of one of them says where the block is', () => {
  const wish = (port: number) => ({ port, source: 'env', from: 'x' }) as const
  const wishes = { 'api-2': [wish(5001)], 'api-3': [wish(2), wish(6002)] }
  expect(blocks({ range: [3000, 3002] }, { wishes })).toEqual([
    '5000 env: ok ok ok',
    '6000 env: blocked ok ok',
    '3000 range: ok ok ok',
  ])
})

test('the block of the last run comes before the range', () => {
  const sticky = { api: 3004, 'api-2': 3005, 'api-3': 3006 }
  expect(blocks({ range: [3000, 3009] }, { sticky })[0]).toBe('3004 sticky: ok ok ok')
})

test("another root's claim on one port puts the block last; the checkout's own API does not", () => {
  const claim: Claim = { port: 3001, service: 'api-2', root: '/a', checkout: '/a', at: 1 }
  const claims = () => new Map([[3001, claim]])
  expect(blocks({ range: [3000, 3003] }, { claims, checkout: '/b' })).toEqual([
    '3000 range: ok claimed ok',
    '3001 range: claimed ok ok',
    '3000 range: ok ok ok',
    '3001 range: ok ok ok',
  ])
  expect(blocks({ range: [3000, 3002] }, { claims, checkout: '/a' })).toEqual([
    '3000 range: ok ok ok',
  ])
})

test('the ports of one entry are looked for in one place', () => {
  const services = { api: { count: 3, range: [4000, 4999] as const, strategy: 'hash' as const } }
  const firsts = planOf({ services }).map((plan) => [...plan.candidates()][0]?.port)
  expect(new Set(firsts).size).toBe(1)
})

test('property: every block is in a row, in its range, offered once, and free of refused ports', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1024, max: 30_000 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 2, max: 12 }),
      fc.constantFrom('sequential', 'random', 'hash'),
      (from, size, count, strategy) => {
        fc.pre(count <= size)
        const range: [number, number] = [from, from + size - 1]
        const [plan] = planOf({ services: { api: { range, count, contiguous: true, strategy } } })
        const all = [...(plan?.blocks() ?? [])]
        expect(all.map(([first]) => first?.port).toSorted()).toEqual(
          Array.from({ length: size - count + 1 }, (_, index) => from + index).toSorted(),
        )
        for (const block of all) {
          const ports = block.map(({ port }) => port)
          expect(ports).toEqual(ports.map((_, index) => (ports[0] ?? 0) + index))
          const refused = ports.some(isBlockedPort)
          expect(block.some(({ rejected }) => rejected)).toBe(refused)
        }
      },
    ),
  )
})

test('property: higher priorities choose first, equal ones in order; blocks and groups stay together', () => {
  const service = fc.record({
    priority: fc.integer({ min: -2, max: 2 }),
    count: fc.constantFrom(1, 3),
    contiguous: fc.boolean(),
    group: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(service, { maxLength: 8 }), (list) => {
      const services = Object.fromEntries(
        list.map(({ group, ...rest }, index) => [
          `s${index}x`,
          group === undefined ? rest : { ...rest, group },
        ]),
      )
      const wants = planOf({ services }).map((plan) => ({ plan }))
      const steps = choosingOrder(wants)
      const order = steps.flatMap(({ blocks }) => blocks.flat())
      expect(order.map(({ plan }) => plan.service.name).toSorted()).toEqual(
        wants.map(({ plan }) => plan.service.name).toSorted(),
      )
      const groups = steps.flatMap(({ group }) => group ?? [])
      expect(new Set(groups).size).toBe(groups.length)
      for (const { group, blocks } of steps) {
        for (const block of blocks) {
          const { instance } = block[0]?.plan.service ?? {}
          expect(block).toHaveLength(instance?.contiguous ? instance.count : 1)
          for (const { plan } of block) expect(plan.service.group).toBe(group)
        }
      }
      const heads = steps.map(({ blocks }) =>
        Math.max(...blocks.flat().map(({ plan }) => plan.service.priority)),
      )
      expect(heads).toEqual(heads.toSorted((a, b) => b - a))
      const alone = steps.filter(({ group }) => group === undefined)
      const places = alone.map(({ blocks }) => wants.indexOf(blocks[0]?.[0] as (typeof wants)[0]))
      const priorities = alone.map(({ blocks }) => blocks[0]?.[0]?.plan.service.priority)
      places.forEach((place, index) => {
        const before = places[index - 1]
        if (before !== undefined && priorities[index] === priorities[index - 1]) {
          expect(place).toBeGreaterThan(before)
        }
      })
    }),
  )
})

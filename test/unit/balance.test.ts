import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isNoService, srvOrder } from '../../src/net/dns/srv.ts'
import { createPicker } from '../../src/session/proxy/balance.ts'

/** Numbers that are spread evenly, the same ones in every run. */
function evenly(): () => number {
  let step = 0
  return () => (step = (step + 0.618_033_988_75) % 1)
}

describe('an instance for each request', () => {
  const options = { weights: [], random: evenly() }

  test('each in turn, whoever comes or goes', () => {
    const pick = createPicker({ ...options, balance: 'round-robin' })
    expect([0, 1, 2, 3].map(() => pick([0, 1, 2]))).toEqual([0, 1, 2, 0])
    expect(pick([0, 2])).toBe(2)
    expect(pick([1, 2])).toBe(1)
    expect(pick([])).toBeUndefined()
    expect(pick([0])).toBe(0)
  })

  test('the first that is there', () => {
    const pick = createPicker({ ...options, balance: 'priority' })
    expect([pick([0, 1]), pick([1, 2]), pick([])]).toEqual([0, 1, undefined])
  })

  test('by chance and weight', () => {
    const pick = createPicker({ balance: 'random', weights: [3, 0], random: evenly() })
    const counts = [0, 0, 0]
    for (let round = 0; round < 1000; round++) counts[pick([0, 1, 2]) as number]!++
    expect(counts[0]).toBeGreaterThan(700)
    expect(counts[1]).toBe(0)
    expect(counts[2]).toBeGreaterThan(200)
    // Nobody else is left.
    expect(pick([1])).toBe(1)
    expect(pick([])).toBeUndefined()
  })

  test('always one of those that are there', () => {
    const present = fc.uniqueArray(fc.nat(5), { minLength: 1 }).map((list) => list.toSorted())
    const balance = fc.constantFrom('round-robin' as const, 'random' as const, 'priority' as const)
    const weights = fc.array(fc.nat(3), { maxLength: 6 })
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(
        balance,
        weights,
        chance,
        fc.array(present),
        (balance, weights, chance, rounds) => {
          const pick = createPicker({ balance, weights, random: () => chance })
          for (const list of rounds) expect(list).toContain(pick(list))
        },
      ),
    )
  })
})

describe('SRV records', () => {
  const record = (name: string, priority: number, weight: number) => ({
    name,
    port: 80,
    priority,
    weight,
  })

  test('go by priority, and by weight within one', () => {
    const records = [record('c', 20, 100), record('a', 10, 60), record('b', 10, 20)]
    const random = evenly()
    let first = 0
    for (let round = 0; round < 1000; round++) {
      const order = srvOrder(records, random).map(({ name }) => name)
      expect(order[2]).toBe('c')
      if (order[0] === 'a') first++
    }
    expect(first).toBeGreaterThan(680)
    expect(first).toBeLessThan(820)
  })

  test('without weight have a small chance, as the RFC wants it', () => {
    const records = [record('a', 1, 10), record('none', 1, 0)]
    expect(srvOrder(records, () => 0).map(({ name }) => name)).toEqual(['none', 'a'])
    expect(srvOrder(records, () => 0.5).map(({ name }) => name)).toEqual(['a', 'none'])
  })

  test('are all there, once', () => {
    const records = fc.array(
      fc.tuple(fc.nat(3), fc.nat(100)).map(([priority, weight]) => record('x', priority, weight)),
    )
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(records, chance, (list, random) => {
        const order = srvOrder(list, () => random)
        expect(new Set(order)).toEqual(new Set(list))
        const priorities = order.map(({ priority }) => priority)
        expect(priorities).toEqual(priorities.toSorted((a, b) => a - b))
      }),
    )
  })

  test('may say that there is no such service', () => {
    expect(isNoService([record('', 0, 0)])).toBe(true)
    expect(isNoService([record('.', 0, 0)])).toBe(true)
    expect(isNoService([record('a', 0, 0)])).toBe(false)
    expect(isNoService([])).toBe(false)
  })
})

import { parseEnv } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration, parsePortArgument, parsePortsArgument } from '../../src/cli/values.ts'
import type { LeaseAnswer } from '../../src/lease/answer.ts'
import { parseOrder, parseReply } from '../../src/lease/order.ts'
import { type PortView, whosePort } from '../../src/machine/look-at.ts'
import { ageOf, renderInventory } from '../../src/machine/inventory-table.ts'
import type { InventoryRow } from '../../src/machine/inventory.ts'
import { renderEnv } from '../../src/output/env-formats.ts'
import { wrapText } from '../../src/utils/wrap-text.ts'

test('times', () => {
  expect(parseDuration('500ms')).toBe(500)
  expect(parseDuration('30')).toBe(30_000)
  expect(parseDuration('1.5s')).toBe(1500)
  expect(parseDuration('2m')).toBe(120_000)
  expect(parseDuration('14d')).toBe(14 * 86_400_000)
  for (const wrong of ['', 's', '-1s', '1 s', '1e3', 'Infinity', '1w', '0x10']) {
    expect(parseDuration(wrong), wrong).toBeUndefined()
  }
})

test('ports and ranges', () => {
  expect(parsePortArgument(':5173')).toBe(5173)
  expect(parsePortsArgument('3000-3010')).toEqual({ from: 3000, to: 3010 })
  for (const wrong of ['', '0', '65536', '03000', '3000.5', '1-', '-1', '2-1']) {
    expect(parsePortsArgument(wrong), wrong).toBeUndefined()
  }
})

describe('orders', () => {
  test('anything that is none is refused, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(parseOrder(line)).toBeUndefined()
        parseReply(line)
      }),
    )
    expect(parseOrder('{"v":1,"order":"constructor","proof":"t"}')).toBeUndefined()
    expect(parseOrder('{"v":2,"order":"release","proof":"t"}')).toBeUndefined()
    expect(parseOrder('null')).toBeUndefined()
  })
})

describe('variables', () => {
  // Without `=`: the parser of Node 20.19 reads a second variable behind it.
  const value = fc.stringMatching(/^[!%&(-+\--<>-[\]-_a-~]{0,30}$/)
  const variables = fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/), value)
  test('survive dotenv and JSON', () => {
    fc.assert(
      fc.property(variables, (set) => {
        const map = new Map(Object.entries(set))
        expect(parseEnv(renderEnv(map, 'dotenv'))).toEqual({ ...set })
        expect(JSON.parse(renderEnv(map, 'json'))).toEqual({ ...set })
      }),
    )
  })
  test('are quoted for a shell', () => {
    const map = new Map([['A', "it's $(touch /tmp/x) `y`"]])
    expect(renderEnv(map, 'shell')).toBe(`export A='it'\\''s $(touch /tmp/x) \`y\`'`)
  })
})

describe('whose port', () => {
  const lease: LeaseAnswer = {
    v: 1,
    port: 3000,
    service: 'api',
    state: 'leased',
    root: '/work/shop',
    checkout: '/work/shop',
    pid: 10,
    command: 'vite',
    since: '2026-01-01T00:00:00.000Z',
  }
  const view = (more: Partial<PortView>): PortView => ({ port: 3000, listeners: [], ...more })
  const listener = (checkout?: string, pid = 20) => ({ pid, ...(checkout && { checkout }) })

  test.each([
    ['nobody there', view({}), 'unknown'],
    ['only our lease', view({ lease }), 'ours'],
    ['our lease, a server of unknown place', view({ lease, listeners: [listener()] }), 'ours'],
    ['our lease, their server', view({ lease, listeners: [listener('/work/old')] }), 'foreign'],
    [
      'their lease, our server',
      view({ lease: { ...lease, checkout: '/work/old' }, listeners: [listener('/work/shop')] }),
      'ours',
    ],
    [
      'their own server, started here',
      view({ lease: { ...lease, checkout: '/work/old' }, listeners: [listener('/work/shop', 10)] }),
      'foreign',
    ],
    ['a stranger', view({ listeners: [listener()] }), 'unknown'],
  ] as const)('%s', (_, view, expected) => {
    expect(whosePort(view, '/work/shop')).toBe(expected)
  })
})

describe('the list', () => {
  const plain = String
  const colors = { bold: plain, cyan: plain, dim: plain, green: plain, yellow: plain }
  const now = Date.parse('2026-01-02T00:00:00Z')
  const row = fc.record(
    {
      port: fc.integer({ min: 1, max: 65_535 }),
      state: fc.constantFrom('held', 'serving', 'waiting', 'running', 'listening'),
      service: fc.stringMatching(/^[a-z]{1,12}$/),
      checkout: fc.stringMatching(/^\/[a-z/]{1,90}$/),
      branch: fc.stringMatching(/^[a-z]{1,12}$/),
      here: fc.boolean(),
      pid: fc.integer({ min: 1, max: 4_000_000 }),
      command: fc.stringMatching(/^[a-z ]{1,90}$/),
      since: fc.constant('2026-01-01T00:00:00Z'),
    },
    { requiredKeys: ['port', 'state', 'here'] },
  )
  test('fits 80 columns whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
        const style = { width: 80, colors, from: '/work/shop', now }
        const lines = renderInventory(rows as InventoryRow[], style)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
        for (const { port } of rows) expect(lines.join('\n')).toContain(String(port))
      }),
    )
  })
  test('ages', () => {
    const ages = [0, 999, 59_000, 61_000, 3_600_000, 86_400_000 * 3]
    const texts = ages.map((ms) => ageOf(new Date(now - ms).toISOString(), now))
    expect(texts).toEqual(['0s', '0s', '59s', '1m', '1h', '3d'])
    expect(ageOf(new Date(now + 5000).toISOString(), now)).toBe('0s')
  })
})

test('wrapping keeps every word', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1 }), (words) => {
      const lines = wrapText(words.join(' '), 20)
      expect(lines.join(' ').split(' ')).toEqual(words)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(20)
    }),
  )
})

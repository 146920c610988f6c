import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordFileName } from '../../src/memory/record-file.ts'
import {
  dayOf,
  lastUseOf,
  parseRecord,
  renderRecord,
  type RootRecord,
  type ServiceRecord,
} from '../../src/memory/record.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-08-01T12:00:00Z')

const port = fc.integer({ min: 1, max: 65_535 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })
const service: fc.Arbitrary<ServiceRecord> = fc
  .record({
    port: maybe(port),
    asked: maybe(port),
    held: maybe(fc.constant(true)),
    protocol: maybe(fc.constant('udp' as const)),
    usedOn: fc.integer({ min: 0, max: 30 }).map((days) => dayOf(NOW - days * DAY)),
  })
  .filter((s) => s.port !== undefined || s.asked !== undefined)
const record: fc.Arbitrary<RootRecord> = fc.record({
  root: text,
  checkout: text,
  branch: maybe(text),
  mounts: maybe(text),
  services: fc
    .array(fc.tuple(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'dev')), service))
    .map((entries) => new Map(entries)),
})

test('property: what was written is read again', () => {
  fc.assert(
    fc.property(record, (written) => {
      const read = parseRecord(renderRecord(written), NOW) as RootRecord
      // Absent and undefined are one.
      expect(renderRecord(read)).toBe(renderRecord(written))
      expect([...read.services.keys()]).toHaveLength(written.services.size)
    }),
  )
})

const NO_RECORD = ['damaged', 'newer']

test('property: no text whatever throws, and what is read is a record', () => {
  const broken = fc
    .tuple(record.map(renderRecord), fc.nat(), fc.string())
    .map(([whole, at, more]) => whole.slice(0, at % whole.length) + more)
  const json = fc.jsonValue().map((value) => JSON.stringify(value))
  const nearly = fc
    .record({
      v: fc.constantFrom(0, 1, 1.5, 2, '1', null),
      root: fc.oneof(text, fc.jsonValue()),
      checkout: text,
      services: fc.oneof(fc.jsonValue(), fc.dictionary(text, fc.oneof(service, fc.jsonValue()))),
    })
    .map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(fc.oneof(fc.string(), broken, json, nearly), (content) => {
      const read = parseRecord(content, NOW)
      if (typeof read === 'string') {
        expect(NO_RECORD).toContain(read)
        return
      }
      expect(typeof read.root).toBe('string')
      for (const { port, asked } of read.services.values()) {
        const ports = [port, asked].filter((p) => p !== undefined)
        expect(ports.length).toBeGreaterThan(0)
        for (const p of ports) expect(p > 0 && p <= 65_535 && Number.isInteger(p)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test('a newer format is told from damage', () => {
  expect(parseRecord('{ "v": 2, "anything": [] }', NOW)).toBe('newer')
  expect(parseRecord('{ "v": 1 }', NOW)).toBe('damaged')
  expect(parseRecord('', NOW)).toBe('damaged')
})

test('one senseless service costs nobody else their port', () => {
  const services = {
    api: { port: 3000, usedOn: '2026-08-01' },
    web: { port: 70_000, usedOn: '2026-08-01' },
    day: { port: 3000, usedOn: '2026-13-01' },
    other: 'x',
  }
  const read = parseRecord(JSON.stringify({ v: 1, root: '/a', checkout: '/a', services }), NOW)
  expect([...(read as RootRecord).services]).toEqual([['api', services.api]])
})

test('a service is forgotten when its root was in use for a month without it', () => {
  const text = renderRecord({
    root: '/a',
    checkout: '/a',
    services: new Map([
      ['old', { port: 3000, usedOn: dayOf(NOW - 32 * DAY) }],
      ['rare', { port: 3001, usedOn: dayOf(NOW - 30 * DAY) }],
    ]),
  })
  const names = (lastUsedAt: number) => [
    ...(parseRecord(text, lastUsedAt) as RootRecord).services.keys(),
  ]
  expect(names(NOW)).toEqual(['rare'])
  // The root itself was not used since: a long holiday forgets nothing.
  expect(names(NOW - 32 * DAY)).toEqual(['old', 'rare'])
})

test('the time of last use is as exact as can be told, and never later', () => {
  const usedOn = '2026-08-01'
  expect(lastUseOf({ usedOn }, NOW)).toBe(NOW)
  expect(lastUseOf({ usedOn }, NOW + 5 * DAY)).toBe(Date.parse('2026-08-01T23:59:59.999Z'))
})

test('file names: recognisable, distinct, and fit for every file system', () => {
  expect(recordFileName('/work/shop')).toMatch(/^shop-[\da-f]{16}\.json$/)
  expect(recordFileName('/work/shop')).not.toBe(recordFileName('/home/shop'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (root) => {
      expect(recordFileName(root)).toMatch(/^[\w.-]{0,40}-[\da-f]{16}\.json$/)
    }),
  )
})

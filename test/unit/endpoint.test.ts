import { isAbsolute } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAnswer, renderAnswer } from '../../src/lease/answer.ts'
import { leaseName } from '../../src/lease/names.ts'
import {
  type EndpointParts,
  endpointOf,
  endpointParts,
  endpointText,
} from '../../src/net/endpoint.ts'

const ports = fc.integer({ min: 1, max: 65_535 })
const anyParts: fc.Arbitrary<EndpointParts> = fc.oneof(
  ports.map((port) => ({ port })),
  ports.map((port) => ({ port, protocol: 'udp' as const })),
  fc.string({ minLength: 1 }).map((path) => ({ port: 0, protocol: 'unix' as const, path })),
)

test('an endpoint and its parts are the same', () => {
  fc.assert(
    fc.property(anyParts, (parts) => {
      expect(endpointParts(endpointOf(parts))).toEqual(parts)
    }),
  )
  expect(endpointOf({ port: 80, protocol: 'tcp' })).toBe(80)
})

test('for people', () => {
  expect(endpointText({ port: 3000, protocol: 'tcp' })).toBe('3000')
  expect(endpointText({ port: 5353, protocol: 'udp' })).toBe('5353/udp')
  expect(endpointText({ port: 0, protocol: 'unix', path: '/run/a.sock' })).toBe('/run/a.sock')
})

describe('the lease of an endpoint', () => {
  test.each(['linux', 'darwin', 'win32'] as const)('has a name of its own on %s', (platform) => {
    const nameOf = (parts: EndpointParts): string =>
      leaseName(endpointOf(parts), platform, '/state').path
    fc.assert(
      fc.property(anyParts, anyParts, (one, other) => {
        const same = endpointOf(one) === endpointOf(other)
        expect(nameOf(one) === nameOf(other)).toBe(same)
      }),
    )
  })

  test('fits wherever it is', () => {
    const path = '/x'.repeat(500)
    const linux = leaseName(`unix:${path}`, 'linux', '/state')
    expect(Buffer.byteLength(linux.path)).toBe(108)
    for (const stateDir of ['/state', `/${'s'.repeat(80)}`]) {
      const darwin = leaseName(`unix:${path}`, 'darwin', stateDir)
      expect(Buffer.byteLength(darwin.path)).toBeLessThan(104)
      expect(isAbsolute(darwin.lock ?? '')).toBe(true)
    }
    // One directory for all of them, however short the name.
    const long = `/${'s'.repeat(76)}`
    const directories = [leaseName(80, 'darwin', long), leaseName('unix:/a', 'darwin', long)].map(
      (name) => name.path.slice(0, name.path.lastIndexOf('/')),
    )
    expect(new Set(directories).size).toBe(1)
  })

  test('is known across versions by these names', () => {
    const linux = (endpoint: Parameters<typeof leaseName>[0]): string =>
      leaseName(endpoint, 'linux', '/state').path.replace(/^\0/, '').replace(/\.+$/, '')
    expect(linux(5353)).toBe('unplugin-ports:5353')
    expect(linux('udp:5353')).toBe('unplugin-ports:udp:5353')
    expect(linux('unix:/run/a.sock')).toBe('unplugin-ports:unix:93d3f03ac91aaf91')
    expect(leaseName('udp:5353', 'win32', '').path).toBe('\\\\.\\pipe\\unplugin-ports-udp-5353')
  })

  test('answers for nothing else', () => {
    const facts = { service: 'a', state: 'held', root: '/r', checkout: '/r' } as const
    const rest = { pid: 7, command: 'node', since: '2026-01-01T00:00:00.000Z' }
    const answer = (parts: EndpointParts): string =>
      renderAnswer({ v: 1, ...(parts as { port: number }), ...facts, ...rest })
    fc.assert(
      fc.property(anyParts, anyParts, (one, other) => {
        const read = parseAnswer(answer(one), endpointOf(other))
        const same = endpointOf(one) === endpointOf(other)
        expect(read).toEqual(same ? { v: 1, ...one, ...facts, ...rest } : undefined)
      }),
    )
  })
})

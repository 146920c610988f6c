import { expect, test } from 'vitest'
import type { Run } from '../../src/bundlers/adapter.ts'
import { pathsKeyOf, proxyOptions } from '../../src/bundlers/rsbuild/proxy.ts'
import { resolveOptions } from '../../src/options/resolve.ts'

const logger = { info: () => {}, warn: () => {}, error: () => {} }
const warnings: string[] = []
const run = {
  reservation: (service: string) => ({ service, url: 'http://localhost:3000' }),
  route: () => undefined,
  startHint: () => undefined,
  warn: (lines: readonly string[]) => warnings.push(...lines),
} as unknown as Run
const options = resolveOptions({ services: { api: { preferred: 3000, proxy: '/api' } } })

function entries(version: string, written?: Record<string, unknown>): Record<string, unknown>[] {
  const proxy = proxyOptions(run, options, written as never, logger, pathsKeyOf(version))
  return proxy as unknown as Record<string, unknown>[]
}

test.each([
  ['2.0.0', 'pathFilter'],
  ['2.3.2', 'pathFilter'],
  ['10.0.0', 'pathFilter'],
  ['1.7.6', 'context'],
  [undefined, 'context'],
] as const)('Rsbuild %s says %s', (version, key) => {
  expect(pathsKeyOf(version)).toBe(key)
})

test.each([
  ['1.7.6', 'context', 'pathFilter'],
  ['2.3.2', 'pathFilter', 'context'],
])('Rsbuild %s gets the paths of a service as %s', (version, key, other) => {
  const [entry] = entries(version)
  expect(entry?.[key]).toEqual(['/api'])
  expect(entry).not.toHaveProperty(other)
  expect(entry).toMatchObject({ target: 'http://localhost:3000', ws: true })
})

test('a table of the user keeps what Rsbuild 1 fills in, and wins for its paths', () => {
  const own = { '/old': 'http://localhost:9', '/raw': { target: 'http://x', changeOrigin: false } }
  expect(entries('1.7.6', own)).toMatchObject([
    { context: '/old', target: 'http://localhost:9', changeOrigin: true, logLevel: 'warn' },
    { context: '/raw', target: 'http://x', changeOrigin: false },
    { context: ['/api'], changeOrigin: true },
  ])
  expect(entries('1.7.6', { '/api': 'http://localhost:9' })).toBeUndefined()
  expect(warnings.join('\n')).toContain('server.proxy["/api"] in your config')
})

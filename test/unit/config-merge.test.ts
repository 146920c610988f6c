import { join, resolve } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeOptions } from '../../src/config/merge.ts'
import { optionsForRoot } from '../../src/config/packages.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import type { Options } from '../../src/types.ts'

describe('merging', () => {
  test('services are merged key by key, whatever form they were written in', () => {
    const base: Options = {
      services: { api: 3000, db: { preferred: 5432, range: '5432-5440' }, off: false, web: true },
    }
    const over: Options = {
      services: {
        api: { proxy: '/api' },
        db: 5433,
        off: { preferred: 4000 },
        web: false,
        more: true,
      },
    }
    expect(mergeOptions(base, over).services).toEqual({
      api: { preferred: 3000, proxy: '/api' },
      db: { preferred: 5433, range: '5432-5440' },
      off: { preferred: 4000 },
      web: false,
      more: true,
    })
  })

  test('lists replace, objects inside a service are merged, undefined says nothing', () => {
    const base: Options = {
      host: '127.0.0.1',
      exclude: [1, 2],
      services: {
        api: {
          preferred: [3000, 3001],
          env: { port: 'A', url: 'B' },
          proxy: { '/a': true, '/b': { ws: false } },
          metadata: { team: 'core', tags: ['x'] },
        },
      },
    }
    const over: Options = {
      host: undefined as never,
      exclude: [3],
      services: {
        api: {
          preferred: 4000,
          env: { url: 'C' },
          proxy: { '/b': { ws: true } },
          metadata: { tags: [] },
        },
      },
    }
    expect(mergeOptions(base, over)).toEqual({
      host: '127.0.0.1',
      exclude: [3],
      services: {
        api: {
          preferred: 4000,
          env: { port: 'A', url: 'C' },
          proxy: { '/a': true, '/b': { ws: true } },
          metadata: { team: 'core', tags: [] },
        },
      },
    })
  })

  test.each<[Options['env'], Options['env'], Options['env']]>([
    [{ file: '.env.ports' }, { prefix: 'VITE_' }, { file: '.env.ports', prefix: 'VITE_' }],
    [{ file: '.env.ports' }, true, { file: '.env.ports' }],
    [{ file: '.env.ports' }, false, false],
    [false, { prefix: 'X_' }, { prefix: 'X_' }],
    [false, undefined, false],
  ])('env %o under %o is %o', (base, over, merged) => {
    expect(mergeOptions({ env: base as never }, { env: over as never }).env).toEqual(merged)
  })

  test('pools are merged by name; of range and pool the newer word counts', () => {
    const pools = { db: '20000-20999', web: { range: '3000-3999', warnAt: 0.5 } }
    const merged = mergeOptions(
      { pools, services: { a: { range: '4000-4010' }, b: { pool: 'db' } } },
      {
        pools: { web: '5000-5999' },
        services: { a: { pool: 'web' }, b: { range: '6000-6010' } },
      },
    )
    expect(merged.pools).toEqual({ db: '20000-20999', web: { range: '5000-5999', warnAt: 0.5 } })
    expect(merged.services).toEqual({ a: { pool: 'web' }, b: { range: '6000-6010' } })
  })

  const service = fc.oneof(
    fc.boolean(),
    fc.integer({ min: 1, max: 65_535 }),
    fc.record(
      {
        preferred: fc.integer({ min: 1, max: 65_535 }),
        strict: fc.boolean(),
        description: fc.constantFrom('one', 'two'),
      },
      { requiredKeys: [] },
    ),
  )
  const options = fc.record(
    {
      services: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'dev'), service),
      strict: fc.boolean(),
      exclude: fc.array(fc.integer({ min: 1, max: 9 })),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Options>

  test('is associative, has an identity, is idempotent, and leaves its arguments alone', () => {
    fc.assert(
      fc.property(options, options, options, (a, b, c) => {
        const before = JSON.stringify([a, b, c])
        const resolved = (given: Options) => resolveOptions(given, { dev: 5173 })
        expect(resolved(mergeOptions({}, a))).toEqual(resolved(a))
        expect(resolved(mergeOptions(a, {}))).toEqual(resolved(a))
        expect(resolved(mergeOptions(a, a))).toEqual(resolved(a))
        const ofServices = (given: Options) =>
          resolved(given).services.toSorted((x, y) => x.name.localeCompare(y.name))
        // `false` forgets what was there before, so only chains without it can be put together anyhow.
        if (!before.includes('false')) {
          expect(ofServices(mergeOptions(mergeOptions(a, b), c))).toEqual(
            ofServices(mergeOptions(a, mergeOptions(b, c))),
          )
        }
        expect(JSON.stringify([a, b, c])).toBe(before)
      }),
    )
  })
})

describe('packages', () => {
  const dir = resolve('/work/shop')
  const portOf = (packages: Record<string, Options>, place: string): unknown =>
    optionsForRoot({ services: { api: 1 }, packages }, dir, join(dir, place)).services?.api

  test.each([
    ['apps/web', 'apps/web', 2],
    ['./apps/web/', 'apps/web', 2],
    ['apps/web', 'apps/web/client', 2],
    ['apps/web', 'apps/webshop', 1],
    ['apps/*', 'apps/web', 2],
    ['apps/*', 'apps', 1],
    ['apps/*', 'libs/web', 1],
    ['*-app', 'web-app', 2],
    ['**/e2e', 'apps/web/e2e', 2],
    ['**/e2e', 'e2e', 2],
    ['apps/**', 'apps/a/b', 2],
    ['.', '', 2],
    ['.', 'apps', 1],
    ['a.b', 'axb', 1],
    ['[id]', '[id]', 2],
  ])('%s and the root %s', (pattern, place, port) => {
    const expected = port === 1 ? 1 : { preferred: 2 }
    expect(portOf({ [pattern]: { services: { api: 2 } } }, place)).toEqual(expected)
  })

  test('a named directory counts more than a pattern, a deeper one more than one above', () => {
    const packages: Record<string, Options> = {
      'apps/web': { services: { api: { preferred: 4 } } },
      apps: { services: { api: { preferred: 3, strict: true } } },
      'apps/*': { services: { api: { preferred: 2, description: 'any' } } },
    }
    expect(portOf(packages, 'apps/web')).toEqual({ preferred: 4, strict: true, description: 'any' })
  })

  test('a root in the file counts from the file, and packages are no options', () => {
    const config = { root: 'here', packages: { web: { root: '..' } } }
    expect(optionsForRoot(config, dir, join(dir, 'api'))).toEqual({ root: join(dir, 'here') })
    expect(optionsForRoot(config, dir, join(dir, 'web'))).toEqual({ root: resolve(dir, '..') })
  })
})

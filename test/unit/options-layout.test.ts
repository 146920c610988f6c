import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wellKnownPorts } from '../../src/api.ts'
import { PortsOptionError } from '../../src/errors.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import type { ResolvedOptions, ResolvedService } from '../../src/options/resolved.ts'
import { wishesOutsidePools } from '../../src/options/wishes.ts'
import { isBlockedPort } from '../../src/plan/blocked-ports.ts'
import { serviceVariables } from '../../src/output/variables.ts'
import type { Options } from '../../src/types.ts'

function problemsOf(options: Options): string | undefined {
  try {
    resolveOptions(options, { dev: 5173, hmr: 24_678 })
    return undefined
  } catch (error) {
    if (error instanceof PortsOptionError) return error.message
    throw error
  }
}

function serviceOf(options: Options, name: string): ResolvedService {
  const found = resolveOptions(options).services.find((service) => service.name === name)
  if (!found) throw new Error(`no service ${name}`)
  return found
}

describe('pools', () => {
  const pools = { databases: '20000-20999', cache: [21_000, 21_099] as const }

  test('a service takes its ports from its pool', () => {
    const options = { pools, services: { pg: { pool: 'databases', preferred: 20_005 } } }
    expect(serviceOf(options, 'pg')).toMatchObject({
      pool: 'databases',
      preferred: [20_005],
      range: { from: 20_000, to: 20_999 },
      rangeGiven: true,
    })
    expect(resolveOptions(options).pools).toEqual([
      {
        name: 'databases',
        range: { from: 20_000, to: 20_999 },
        description: undefined,
        warnAt: 0.9,
      },
      { name: 'cache', range: { from: 21_000, to: 21_099 }, description: undefined, warnAt: 0.9 },
    ])
  })

  test("a bundler's server and a well-known one in a pool leave their usual port", () => {
    const services = { dev: { pool: 'cache' }, redis: { pool: 'cache' } }
    const resolved = resolveOptions({ pools, services }, { dev: 5173 }).services
    expect(resolved.map(({ name, preferred }) => [name, preferred])).toEqual([
      ['dev', []],
      ['redis', []],
    ])
  })

  test.each<[Options, string]>([
    [
      { pools, services: { pg: { pool: 'databses' } } },
      'services.pg.pool: "databses" is no pool. Did you mean "databases"?',
    ],
    [
      { pools, services: { pg: { pool: 'storage' } } },
      'services.pg.pool: "storage" is no pool. Known: databases, cache.',
    ],
    [
      { services: { pg: { pool: 'databases' } } },
      'services.pg.pool: "databases" is no pool. There are none: add it to "pools", or set layout: "standard".',
    ],
    [
      { pools, services: { pg: { pool: 'databases', range: '1-2' } } },
      'services.pg.range: the ports come from pool "databases" (20000-20999); leave one of the two out.',
    ],
    [
      { pools, services: { pg: { pool: 'databases', preferred: 5432 } } },
      'services.pg.preferred: 5432 is outside pool "databases" (20000-20999); choose one in it, or another pool.',
    ],
    [
      { pools, services: { pg: { pool: 'databases', preferred: [20_000, 5432] } } },
      'services.pg.preferred[1]: 5432 is outside pool "databases" (20000-20999); choose one in it, or another pool.',
    ],
    [
      { pools, services: { pg: { pool: 'cache', preferred: 21_098, count: 3, contiguous: true } } },
      'services.pg.preferred: the block 21098-21100 is outside pool "cache" (21000-21099); choose one in it, or another pool.',
    ],
    [
      { pools: { ...pools, 'my-own': '20900-21000' } },
      'pools["my-own"]: 20900-21000 overlaps pools.databases (20000-20999); move one of them.\n' +
        'pools.cache: 21000-21099 overlaps pools["my-own"] (20900-21000); move one of them.',
    ],
    [
      { pools: { all: '1-65535', a: '10-20', b: '30-40' } },
      'pools.a: 10-20 overlaps pools.all (1-65535); move one of them.\n' +
        'pools.b: 30-40 overlaps pools.all (1-65535); move one of them.',
    ],
    [
      { layout: 'standard', pools: { mine: '30000-30099' } },
      'pools.mine: 30000-30099 overlaps "dynamic" (20000-49999); move it, or replace that pool of the layout by a smaller pools.dynamic.',
    ],
    [
      { layout: 'standard', pools: { mine: '19990-20010' } },
      'pools.mine: 19990-20010 overlaps "dynamic" (20000-49999); move it, or replace that pool of the layout by a smaller pools.dynamic.',
    ],
  ])('%j', (options, message) => {
    expect(problemsOf(options)).toBe(message)
  })

  test('a service that is off needs no pool', () => {
    expect(problemsOf({ services: { pg: false } })).toBeUndefined()
  })

  test('a port that somebody typed outside the pool counts, with a warning', () => {
    const { services } = resolveOptions({ pools, services: { pg: { pool: 'databases' }, web: 1 } })
    const wish = (port: number) => ({ port, source: 'env', from: 'PG_PORT' }) as const
    expect(wishesOutsidePools(services, { pg: [wish(20_001)], web: [wish(5)] })).toEqual([])
    expect(wishesOutsidePools(services, { pg: [wish(5432)] })).toEqual([
      'PG_PORT is 5432, outside pool "databases" (20000-20999) of "pg"; it counts all the same.',
    ])
  })
})

describe('the standard layout', () => {
  const { pools } = resolveOptions({ layout: 'standard' })

  test('has a described pool for each concern, none of which overlap or need rights', () => {
    expect(pools.map(({ name }) => name)).toEqual([
      'frontend',
      'backend',
      'databases',
      'cache',
      'queue',
      'search',
      'storage',
      'monitoring',
      'security',
      'infrastructure',
      'ci',
      'docs',
      'tools',
      'dynamic',
    ])
    pools.forEach(({ range, description }, index) => {
      expect(range.from).toBeGreaterThan(Math.max(1023, pools[index - 1]?.range.to ?? 0))
      expect(range.to - range.from).toBeGreaterThanOrEqual(199)
      expect(description).toBeTruthy()
    })
    expect(pools.at(-1)?.range).toEqual({ from: 20_000, to: 49_999 })
  })

  test('keeps clear of the usual ports of well-known services and of those browsers refuse', () => {
    for (const { name, range } of pools.slice(0, -1)) {
      for (let port = range.from; port <= range.to; port++) {
        expect(isBlockedPort(port), `${name} ${port}`).toBe(false)
      }
      const inside = wellKnownPorts().filter(({ port }) => port >= range.from && port <= range.to)
      expect(inside, name).toEqual([])
    }
  })

  test("the user's pools are added, and replace those of the same name", () => {
    const { pools } = resolveOptions({
      layout: 'standard',
      pools: { dynamic: { range: '30000-30999', warnAt: 0.5 }, mine: '20000-20999' },
    })
    expect(pools.slice(-2)).toEqual([
      { name: 'mine', range: { from: 20_000, to: 20_999 }, description: undefined, warnAt: 0.9 },
      { name: 'dynamic', range: { from: 30_000, to: 30_999 }, description: undefined, warnAt: 0.5 },
    ])
  })
})

describe('count', () => {
  const names = (resolved: ResolvedOptions): string[] => resolved.services.map((s) => s.name)

  test('gives one service for each port, in its place', () => {
    const resolved = resolveOptions({ services: { a: 1, api: { count: 3 }, b: 2 } })
    expect(names(resolved)).toEqual(['a', 'api', 'api-2', 'api-3', 'b'])
    expect(resolved.services[2]).toMatchObject({
      kind: 'external',
      instance: { of: 'api', index: 2, count: 3, contiguous: false },
    })
    expect(names(resolveOptions({ services: { api: { count: 1 } } }))).toEqual(['api'])
  })

  test('numbers the variables, also the ones that were named; the first has its usual ones too', () => {
    const resolved = resolveOptions({
      services: {
        authApi: { count: 2, proxy: '/a' },
        db: { count: 2, env: { port: ['PG', 'PG_PORT'], url: [] } },
        off: { count: 2, env: false },
      },
    })
    const variables = resolved.services.flatMap(({ name, env }) =>
      serviceVariables({ service: name, port: 1, url: 'u', env }).map(([variable]) => variable),
    )
    expect(variables.join(' ')).toBe(
      'AUTH_API_PORT AUTH_API_PORT_1 AUTH_API_URL AUTH_API_URL_1 ' +
        'AUTH_API_TARGET AUTH_API_TARGET_1 AUTH_API_PORT_2 AUTH_API_URL_2 ' +
        'PG PG_1 PG_PORT PG_PORT_1 PG_2 PG_PORT_2',
    )
  })

  test('forwards to the first only', () => {
    const services = {
      api: { count: 2, proxy: '/api' },
    } as const
    const [first, second] = resolveOptions({ services }).services
    expect([first?.proxy.length, second?.proxy.length]).toEqual([1, 0])
  })

  test.each<[NonNullable<Options['services']>, string]>([
    [
      { dev: { count: 2 } },
      'services.dev.count: the bundler has one "dev" server; name the others yourself.',
    ],
    [
      { api: { contiguous: true } },
      'services.api.contiguous: needs "count", the number of ports in a row.',
    ],
    [
      { api: { contiguous: true, count: 2, protocol: 'unix' } },
      'services.api.contiguous: a service with protocol "unix" has no port; paths do not follow one another.',
    ],
    [
      { api: { count: 3 }, 'api-3': true },
      'services["api-3"]: is the name of port 3 of services.api (count: 3); rename one of them.',
    ],
    [
      { api: { count: 4, range: '3000-3002' } },
      'services.api.count: 4 ports do not fit into 3000-3002.',
    ],
    [
      { api: { count: 4, contiguous: true, range: '3000-3002' } },
      'services.api.count: 4 ports do not fit into 3000-3002.',
    ],
    [
      { api: { count: 2 }, web: { env: 'API_PORT_2' } },
      'services.web.env: "API_PORT_2" is published by services.api already; choose another name for one of them in "env".',
    ],
  ])('%j', (services, message) => {
    expect(problemsOf({ services })).toBe(message)
  })

  test.each<NonNullable<Options['services']>>([
    { api: { count: 4, range: '3000-3002', preferred: 4000 } },
    { api: { count: 4, contiguous: true, range: '3000-3002', preferred: 4000 } },
    { api: { count: 1, contiguous: true } },
    { api: { count: 2 }, 'api-2': false, 'api-3': true },
    { dev: { count: 1 } },
  ])('%j is possible', (services) => {
    expect(problemsOf({ services })).toBeUndefined()
  })

  test('property: as many services as ports, each with names of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.boolean(), (count, contiguous) => {
        const { services } = resolveOptions({ services: { api: { count, contiguous } } })
        expect(services).toHaveLength(count)
        expect(new Set(services.map(({ name }) => name)).size).toBe(count)
        const variables = services.flatMap(({ env }) => [...env.port, ...env.url])
        expect(new Set(variables).size).toBe(variables.length)
      }),
    )
  })
})

describe('well-known services', () => {
  test.each<[string, number, string]>([
    ['postgres', 5432, 'postgresql'],
    ['PostgreSQL', 5432, 'postgresql'],
    ['redis', 6379, 'redis'],
    ['storybook', 6006, 'http'],
    ['drizzleStudio', 4983, 'http'],
    ['drizzle_studio', 4983, 'http'],
    ['playwright-debug', 9323, 'http'],
    ['node-inspector', 9229, 'http'],
    ['otel', 4317, 'tcp'],
  ])('%s is at %i and speaks %s', (name, port, scheme) => {
    const service = serviceOf({ services: { [name]: true } }, name)
    expect(service).toMatchObject({ preferred: [port], range: { from: port }, scheme })
    // Nobody opens them, and a URL without user and password would be of no use.
    expect(service.browser).toBe(scheme === 'http')
    expect(service.env.url.length).toBe(scheme === 'http' ? 1 : 0)
  })

  test('their port is only for who names no other', () => {
    expect(serviceOf({ services: { redis: 7000 } }, 'redis').preferred).toEqual([7000])
    expect(serviceOf({ services: { redis: { range: '1-2' } } }, 'redis').preferred).toEqual([])
    expect(serviceOf({ services: { api: true } }, 'api').preferred).toEqual([])
  })

  test('what is forwarded to speaks HTTP, and a URL that is named is published', () => {
    const services = { mqtt: { proxy: '/mqtt' }, redis: { env: { url: 'REDIS_URL' } } }
    expect(serviceOf({ services }, 'mqtt')).toMatchObject({ scheme: 'http', browser: true })
    expect(serviceOf({ services }, 'redis').env.url).toEqual(['REDIS_URL'])
  })

  test('the list has names that can be written, each once, and ports that can be opened', () => {
    const list = wellKnownPorts()
    const names = list.flatMap(({ name, aliases }) => [name, ...aliases])
    const folded = names.map((name) => name.toLowerCase().replaceAll(/[-_.]/g, ''))
    expect(new Set(folded).size).toBe(folded.length)
    for (const { name, port, title, scheme } of list) {
      expect(serviceOf({ services: { [name]: true } }, name).preferred).toEqual([port])
      expect(title).toBeTruthy()
      if (scheme === 'http') expect(isBlockedPort(port), name).toBe(false)
    }
    // A copy, so that nobody changes the defaults of others.
    list.length = 0
    expect(wellKnownPorts().length).toBeGreaterThan(50)
  })
})

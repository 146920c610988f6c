import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { variableStem } from '../../src/options/names.ts'
import { parseRange } from '../../src/options/ranges.ts'
import type { ResolvedService } from '../../src/options/resolved.ts'
import { type BuiltInPorts, resolveOptions } from '../../src/options/resolve.ts'
import type { Options, ServiceOptions } from '../../src/types.ts'

const VITE = { dev: 5173, hmr: 24678, preview: 4173 }

/** The one service `name` of `services: { [name]: service }`. */
function resolveOne(
  service: ServiceOptions | number | boolean,
  name = 'api',
  builtIn?: BuiltInPorts,
): ResolvedService {
  const found = resolveOptions({ services: { [name]: service } }, builtIn).services.find(
    (service) => service.name === name,
  )
  if (!found) throw new Error(`no service ${name}`)
  return found
}

function namesOf(options: Options | undefined, builtIn?: BuiltInPorts): string[] {
  return resolveOptions(options, builtIn).services.map(({ name }) => name)
}

describe('with nothing set', () => {
  test.each([[undefined], [{}], [{ services: {} }], [{ services: undefined } as object]])(
    '%o gives the defaults',
    (options) => {
      expect(resolveOptions(options)).toEqual({
        services: [],
        pools: [],
        exclude: [],
        strict: undefined,
        strategy: undefined,
        host: undefined,
        env: { file: '.env.local', prefix: undefined },
        summary: true,
        sticky: undefined,
        compose: false,
        statusPage: true,
        titlePrefix: false,
        notice: true,
        root: undefined,
      })
    },
  )

  test('a bundler has its own services', () => {
    expect(resolveOptions(undefined, VITE).services).toMatchObject([
      { name: 'dev', kind: 'dev', preferred: [5173], range: { from: 5173, to: 5272 } },
      { name: 'hmr', kind: 'hmr', preferred: [24678], range: { from: 24678, to: 24777 } },
      { name: 'preview', kind: 'preview', preferred: [4173], range: { from: 4173, to: 4272 } },
    ])
  })

  test('a service has every default', () => {
    expect(resolveOne({})).toEqual({
      name: 'api',
      kind: 'external',
      preferred: [],
      range: { from: 3000, to: 3099 },
      rangeGiven: false,
      pool: undefined,
      strategy: undefined,
      priority: 0,
      instance: undefined,
      group: undefined,
      protocol: 'tcp',
      path: undefined,
      sticky: undefined,
      host: undefined,
      strict: undefined,
      required: true,
      browser: true,
      scheme: 'http',
      env: { port: ['API_PORT'], url: ['API_URL'], target: [], reads: [] },
      proxy: [],
      health: {
        type: 'tcp',
        path: '/',
        status: [],
        intervalMs: undefined,
        timeoutMs: 2000,
        healthyAfter: 1,
        unhealthyAfter: 2,
      },
      healthGiven: false,
      identity: 'refuse',
      onConflict: 'warn',
      upstreams: [{ kind: 'service' }],
      balance: 'round-robin',
      weights: [],
      separate: false,
      process: undefined,
      dependsOn: [],
      profiles: [],
      description: undefined,
      metadata: undefined,
    })
  })
})

describe('how its server is started', () => {
  const RESTART = {
    when: 'on-failure',
    maxRetries: 5,
    delayMs: 500,
    maxDelayMs: 10_000,
    resetAfterMs: 10_000,
  }

  test('a command has every default', () => {
    expect(resolveOne({ command: 'node api.js' }).process).toEqual({
      command: 'node api.js',
      cwd: undefined,
      env: {},
      restart: RESTART,
    })
  })

  test.each<[ServiceOptions['restart'], object | undefined]>([
    ['always', { ...RESTART, when: 'always' }],
    [
      { maxRetries: 0, delayMs: undefined },
      { ...RESTART, maxRetries: 0 },
    ],
    [false, undefined],
  ])('restart: %o', (restart, expected) => {
    expect(resolveOne({ command: ['node'], restart }).process?.restart).toEqual(expected)
  })

  test('variables in capitals are its own, the others name those that publish the port', () => {
    const { process, env } = resolveOne({
      command: 'x',
      env: { LOG_LEVEL: 'debug', port: 'MY_PORT' },
    })
    expect(process?.env).toEqual({ LOG_LEVEL: 'debug' })
    expect(env).toMatchObject({ port: ['MY_PORT'], url: ['API_URL'] })
  })

  test('names are lists without repetitions', () => {
    const services = { api: { dependsOn: ['db', 'db', 'dev'], profiles: 'e2e' }, db: 1 }
    expect(resolveOptions({ services }).services[0]).toMatchObject({
      dependsOn: ['db', 'dev'],
      profiles: ['e2e'],
    })
  })
})

describe('which services there are', () => {
  test('built-in ones first, then the others as written', () => {
    const services = { web: {}, preview: {}, api: 3000, dev: true }
    expect(namesOf({ services }, VITE)).toEqual(['dev', 'hmr', 'preview', 'web', 'api'])
    expect(namesOf({ services })).toEqual(['web', 'preview', 'api', 'dev'])
  })

  test('a bundler may have some of them only', () => {
    expect(namesOf({ services: { api: 1, hmr: 2 } }, { dev: 8080 })).toEqual(['dev', 'api', 'hmr'])
  })

  test('false takes one away, built in or not', () => {
    const services = { hmr: false, api: false, db: true }
    expect(namesOf({ services }, VITE)).toEqual(['dev', 'preview', 'db'])
  })

  test('true and {} mean the defaults', () => {
    expect(resolveOne(true)).toEqual(resolveOne({}))
    expect(resolveOne(true, 'dev', VITE)).toEqual(resolveOptions({}, VITE).services[0])
  })

  test('a number is short for preferred', () => {
    expect(resolveOne(4000)).toEqual(resolveOne({ preferred: 4000 }))
  })

  test.each(['dev', 'hmr', 'preview'])('%s has its kind without a bundler too', (name) => {
    expect(resolveOne({}, name)).toMatchObject({ kind: name, preferred: [] })
  })
})

describe('ports of a service', () => {
  test('the user’s preferred ones replace the bundler’s', () => {
    expect(resolveOne(3000, 'dev', VITE).preferred).toEqual([3000])
    expect(resolveOne({ required: false }, 'dev', VITE).preferred).toEqual([5173])
  })

  test('preferred keeps its order, without repetitions', () => {
    expect(resolveOne({ preferred: [5000, 3000, 5000, 4000] }).preferred).toEqual([
      5000, 3000, 4000,
    ])
  })

  test.each<[ServiceOptions, object]>([
    [{ range: '3000-3100' }, { range: { from: 3000, to: 3100 }, rangeGiven: true }],
    [{ range: [6000, 6000] }, { range: { from: 6000, to: 6000 }, rangeGiven: true }],
    [
      { range: [1, 9], preferred: 80 },
      { range: { from: 1, to: 9 }, rangeGiven: true },
    ],
    [{ preferred: [5000, 4000] }, { range: { from: 5000, to: 5099 }, rangeGiven: false }],
    [{ preferred: 65_500 }, { range: { from: 65_500, to: 65_535 }, rangeGiven: false }],
  ])('%o', (service, expected) => {
    expect(resolveOne(service)).toMatchObject(expected)
  })

  test.each<[unknown, unknown]>([
    [[1, 65_535], { from: 1, to: 65_535 }],
    ['1-65535', { from: 1, to: 65_535 }],
    ['3000-2999', undefined],
    ['0-10', undefined],
    ['65000-65536', undefined],
    ['03000-3100', undefined],
    ['3000', undefined],
    [[3000], undefined],
    [[3000, 3001, 3002], undefined],
    [['3000', '3001'], undefined],
    [3000, undefined],
    [null, undefined],
  ])('parseRange(%j) is %j', (value, expected) => {
    expect(parseRange(value)).toEqual(expected)
  })
})

describe('host and strict', () => {
  test('a service overrides the top level', () => {
    const { services, host, strict } = resolveOptions({
      host: '::1',
      strict: true,
      services: { a: {}, b: { host: false, strict: false }, c: { host: 'box.local' } },
    })
    expect({ host, strict }).toEqual({ host: '::1', strict: true })
    expect(services.map(({ host, strict }) => [host, strict])).toEqual([
      ['::1', true],
      [false, false],
      ['box.local', true],
    ])
  })
})

describe('variable names', () => {
  test.each([
    ['api', 'API'],
    ['authApi', 'AUTH_API'],
    ['auth-api', 'AUTH_API'],
    ['auth.-.api', 'AUTH_API'],
    ['auth_api', 'AUTH_API'],
    ['HTTPServer', 'HTTP_SERVER'],
    ['s3Bucket', 'S3_BUCKET'],
    ['api2', 'API2'],
    ['3d', '_3D'],
    ['.hidden', '_HIDDEN'],
  ])('%s has the stem %s', (service, stem) => {
    expect(variableStem(service)).toBe(stem)
  })

  test.each<[string, ServiceOptions, object]>([
    [
      'dev',
      {},
      { port: ['DEV_PORT'], url: ['DEV_URL'], target: [], reads: ['PORT', 'CONDUCTOR_PORT'] },
    ],
    [
      'preview',
      {},
      {
        port: ['PREVIEW_PORT'],
        url: ['PREVIEW_URL'],
        target: [],
        reads: ['PORT', 'CONDUCTOR_PORT'],
      },
    ],
    ['hmr', {}, { port: ['HMR_PORT'], url: [], target: [], reads: [] }],
    ['api', { proxy: '/api' }, { port: ['API_PORT'], url: ['API_URL'], target: ['API_TARGET'] }],
    ['api', { env: 'P' }, { port: ['P'], url: ['API_URL'], target: [] }],
    ['api', { env: ['P', 'Q', 'P'] }, { port: ['P', 'Q'], url: ['API_URL'] }],
    ['api', { env: {} }, { port: ['API_PORT'], url: ['API_URL'], target: [] }],
    ['api', { env: { url: ['A', 'B'] } }, { port: ['API_PORT'], url: ['A', 'B'] }],
    ['api', { env: { url: [], target: 'T' } }, { port: ['API_PORT'], url: [], target: ['T'] }],
    [
      'dev',
      { env: 'WEB_PORT' },
      { port: ['WEB_PORT'], url: ['DEV_URL'], reads: ['PORT', 'CONDUCTOR_PORT'] },
    ],
    ['dev', { env: false }, { port: [], url: [], target: [], reads: [] }],
  ])('%s with %j', (name, service, expected) => {
    expect(resolveOne(service, name).env).toMatchObject(expected)
  })
})

const rewrite = (path: string) => path.slice(4)

describe('proxy', () => {
  test.each<[ServiceOptions['proxy'], unknown]>([
    ['/api', [{ context: '/api', options: {} }]],
    [
      ['/a', '^/b$', '/a'],
      [
        { context: '/a', options: {} },
        { context: '^/b$', options: {} },
      ],
    ],
    [
      { '/a': true, '/b': { rewrite } },
      [
        { context: '/a', options: {} },
        { context: '/b', options: { rewrite } },
      ],
    ],
  ])('%j', (proxy, rules) => {
    expect(resolveOne({ proxy }).proxy).toEqual(rules)
  })
})

describe('the rest of the top level', () => {
  test('exclude takes ports and ranges', () => {
    expect(resolveOptions({ exclude: [3005, '4000-4099', [5000, 5010]] }).exclude).toEqual([
      { from: 3005, to: 3005 },
      { from: 4000, to: 4099 },
      { from: 5000, to: 5010 },
    ])
  })

  test.each<[Options['env'], unknown]>([
    [true, { file: '.env.local', prefix: undefined }],
    [{}, { file: '.env.local', prefix: undefined }],
    [{ prefix: 'VITE_' }, { file: '.env.local', prefix: 'VITE_' }],
    [{ file: '.env.ports' }, { file: '.env.ports', prefix: undefined }],
    [false, undefined],
  ])('env: %j', (env, expected) => {
    expect(resolveOptions({ env }).env).toEqual(expected)
  })

  test('summary and root are kept', () => {
    expect(resolveOptions({ summary: 'full', root: 'apps/web' })).toMatchObject({
      summary: 'full',
      root: 'apps/web',
    })
    expect(resolveOptions({ summary: false }).summary).toBe(false)
  })

  test('description and metadata are kept', () => {
    const metadata = { team: ['a', null], since: { year: 2024 }, note: undefined }
    const description = 'Sign-in and sessions'
    expect(resolveOne({ description, metadata })).toMatchObject({ description, metadata })
  })
})

describe('any valid options', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const range = fc
    .tuple(port, port)
    .map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const)))
    .chain(([from, to]) =>
      fc.constantFrom<readonly [number, number] | string>([from, to], `${from}-${to}`),
    )
  const service = fc.oneof(
    fc.boolean(),
    port,
    fc.record(
      {
        preferred: fc.oneof(port, fc.array(port, { minLength: 1, maxLength: 4 })),
        range,
        host: fc.constantFrom('localhost', '::1', '127.0.0.1', true, false),
        strict: fc.boolean(),
        required: fc.boolean(),
        description: fc.constant('one line'),
        metadata: fc.dictionary(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  )
  // Lower case letters alone, so that no two names share a variable.
  const name = fc
    .oneof(fc.constantFrom('dev', 'hmr', 'preview'), fc.stringMatching(/^[a-z]{1,8}$/))
    .filter((name) => !(name in Object.prototype))
  const options = fc.record(
    {
      services: fc.dictionary(name, service, { maxKeys: 6 }),
      host: fc.constantFrom('localhost', true),
      exclude: fc.array(fc.oneof(port, range), { maxLength: 3 }),
      strict: fc.boolean(),
      env: fc.oneof(fc.boolean(), fc.record({ file: fc.constant('.env') }, { requiredKeys: [] })),
      summary: fc.constantFrom(true, false, 'full' as const),
      root: fc.constant('.'),
    },
    { requiredKeys: [] },
  )

  test('give services with unique names and ports that exist', () => {
    fc.assert(
      fc.property(options, fc.constantFrom(undefined, VITE), (options, builtIn) => {
        const { services, exclude } = resolveOptions(deepFreeze(options), builtIn)
        const names = services.map(({ name }) => name)
        expect(new Set(names).size).toBe(names.length)
        for (const { from, to } of [...services.map(({ range }) => range), ...exclude]) {
          expect(1 <= from && from <= to && to <= 65_535).toBe(true)
        }
        for (const { preferred } of services) {
          expect(preferred.every((port) => port >= 1 && port <= 65_535)).toBe(true)
          expect(new Set(preferred).size).toBe(preferred.length)
        }
        for (const [name, wanted] of Object.entries(options.services ?? {})) {
          expect(names.includes(name)).toBe(wanted !== false)
        }
      }),
    )
  })

  test('resolve the same way twice', () => {
    fc.assert(
      fc.property(options, (options) => {
        expect(resolveOptions(options, VITE)).toEqual(resolveOptions(options, VITE))
      }),
    )
  })
})

/** Makes a write to any part of `value` throw. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

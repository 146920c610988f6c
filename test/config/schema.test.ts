import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../src/options/schema.ts'
import { checkAgainst } from '../../src/options/validate.ts'
import { repo } from '../_utils/temp.ts'

interface Schema {
  readonly [key: string]: unknown
  readonly properties?: Record<string, Schema>
  readonly definitions?: Record<string, Schema>
}

const schema = JSON.parse(readFileSync(join(repo, 'schema.json'), 'utf8')) as Schema
const types = readFileSync(join(repo, 'src/types.ts'), 'utf8')

/** webpack's own validator of JSON schemas. */
const { validate } = createRequire(createRequire(import.meta.url).resolve('webpack'))(
  'schema-utils',
) as { validate(schema: unknown, value: unknown): void }

function editorAccepts(value: unknown): boolean {
  try {
    validate(schema, value)
    return true
  } catch {
    return false
  }
}

/** The names that the types give to a table's options. */
function keysOf(type: string): string[] {
  const [, body = ''] =
    new RegExp(`interface ${type} (?:extends \\w+ )?\\{([^]*?)\\n\\}`).exec(types) ?? []
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1] ?? '').toSorted()
}

describe('the tables of the schema name the options, and no others', () => {
  const { options, service } = schema.definitions ?? {}
  const pools = options?.properties?.pools as { additionalProperties: { oneOf: Schema[] } }
  const env = options?.properties?.env as { oneOf: Schema[] }
  const names = service?.properties?.env as { oneOf: Schema[] }
  const restart = service?.properties?.restart as { oneOf: Schema[] }
  const health = service?.properties?.health as { oneOf: Schema[] }
  test.each<[string, Schema | undefined, string[]]>([
    ['Options', options, keysOf('Options')],
    ['ServiceOptions', service, keysOf('ServiceOptions')],
    ['PoolOptions', pools.additionalProperties.oneOf[1], keysOf('PoolOptions')],
    ['EnvOptions', env.oneOf[1], keysOf('EnvOptions')],
    ['ServiceEnvNames', names.oneOf[3], keysOf('ServiceEnvNames')],
    ['RestartOptions', restart.oneOf[1], keysOf('RestartOptions')],
    ['HealthOptions', health.oneOf[2], keysOf('HealthOptions')],
    ['PortsConfig', schema, [...keysOf('Options'), ...keysOf('PortsConfig'), '$schema'].toSorted()],
  ])('%s', (_, table, keys) => {
    expect(keys.length).toBeGreaterThan(1)
    expect(Object.keys(table?.properties ?? {}).toSorted()).toEqual(keys)
    expect(table?.additionalProperties).toBe(false)
    for (const [name, option] of Object.entries(table?.properties ?? {})) {
      if (table !== schema) expect(option.description, name).toMatch(/^[A-Z`].*\.$/)
    }
  })
})

describe('the schema for editors and the checks at run time agree', () => {
  const service = (options: unknown) => ({ services: { api: options } })
  test.each<[boolean, unknown]>([
    [true, {}],
    [false, 'x'],
    [false, { port: 1 }],
    [true, { host: true, strict: false, strategy: 'hash', layout: 'standard', sticky: false }],
    [false, { strategy: 'best' }],
    [false, { layout: 'mine' }],
    [false, { host: 'http://x' }],
    [false, { host: 1 }],
    [true, { exclude: [3005, '4000-4099', [5000, 5010]] }],
    [false, { exclude: ['3005'] }],
    [false, { exclude: 3005 }],
    [true, { env: { file: '.env', prefix: 'VITE_' }, summary: 'full', titlePrefix: true }],
    [true, { notice: false }],
    [false, { notice: 'off' }],
    [false, { env: { path: '.env' } }],
    [false, { summary: 'short' }],
    [true, { env: false, root: 'app' }],
    [false, { root: '' }],
    [true, { pools: { db: '20000-20999', web: { range: [3000, 3999], warnAt: 0.5 } } }],
    [false, { pools: { db: {} } }],
    [false, { pools: { db: { range: '1-2', warnAt: 0 } } }],
    [true, service(true)],
    [true, service(3000)],
    [false, service(0)],
    [false, service(65_536)],
    [false, service('3000')],
    [true, service({ preferred: [3000, 3001], range: '3000-3100', host: '::1', required: false })],
    [false, service({ preferred: [] })],
    [false, service({ preferred: 1.5 })],
    [false, service({ range: '3000' })],
    [false, service({ range: [3000] })],
    [true, service({ env: 'API_PORT' })],
    [true, service({ env: { port: ['A', 'B'], url: [] } })],
    [true, service({ env: false })],
    [true, service({ env: { LOG_LEVEL: 'debug', port: 'A' } })],
    [false, service({ env: { LOG_LEVEL: 1 } })],
    [false, service({ env: { log: 'debug' } })],
    [true, service({ command: 'node api.js', cwd: 'api', restart: false })],
    [true, service({ command: ['node', 'api.js', ''], profiles: ['e2e'], restart: 'always' })],
    [true, service({ command: 'x', restart: { when: 'always', maxRetries: 0, delayMs: 0 } })],
    [false, service({ command: ' ' })],
    [false, service({ command: [] })],
    [false, service({ command: [''] })],
    [false, service({ command: ['a', 1] })],
    [false, service({ dependsOn: 1 })],
    [false, service({ restart: true })],
    [false, service({ restart: { retries: 1 } })],
    [false, service({ restart: { maxRetries: 1001 } })],
    [false, service({ profiles: '' })],
    [false, service({ env: true })],
    [false, service({ env: ['1A'] })],
    [true, service({ proxy: '/api' })],
    [true, service({ proxy: { '/api': true, '^/x': { ws: false } } })],
    [false, service({ proxy: 'api' })],
    [false, service({ proxy: {} })],
    [true, service({ count: 3, contiguous: true, group: 'g', priority: -1, pool: 'p' })],
    [false, service({ count: 0 })],
    [false, service({ count: 101 })],
    [false, service({ priority: '1' })],
    [true, service({ protocol: 'unix', path: 'api.sock', sticky: false })],
    [false, service({ protocol: 'http' })],
    [true, service({ health: '/healthz', identity: 'warn' })],
    [true, service({ health: { type: 'http', path: '/', status: [200, 204], intervalMs: 100 } })],
    [false, service({ health: 'healthz' })],
    [false, service({ health: { interval: 100 } })],
    [false, service({ health: { status: 20 } })],
    [false, service({ identity: 'ask' })],
    [true, service({ description: 'the API', metadata: { team: ['core'] } })],
    [false, service({ description: 'two\nlines' })],
    [false, service({ metadata: [] })],
    [false, { services: { 'a b': true } }],
    [true, { packages: { 'apps/*': { services: { api: 1 } }, '.': {} } }],
    [false, { packages: { '../x': {} } }],
    [false, { packages: { '/x': {} } }],
    [false, { packages: { a: { packages: {} } } }],
  ])('%s: %j', (good, value) => {
    expect(checkAgainst(configSchema(), value).ok).toBe(good)
    expect(editorAccepts(value)).toBe(good)
  })

  test('the schema itself may be named', () => {
    expect(editorAccepts({ $schema: './node_modules/unplugin-ports/schema.json' })).toBe(true)
  })
})

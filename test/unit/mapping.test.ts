import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportMapping, importMapping, mappingConflicts, mergeMappings } from '../../src/api.ts'
import { PortsOptionError } from '../../src/errors.ts'
import { resolveOptions } from '../../src/options/resolve.ts'

const api = { service: 'api', port: 3000, host: 'localhost' }

function mapping(services: Record<string, number>, root?: string) {
  return exportMapping(
    Object.entries(services).map(([service, port]) => ({ service, port, host: 'localhost' })),
    root,
  )
}

function messageOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof PortsOptionError) return error.message
    throw error
  }
}

test('an export says where each service is, and nothing that goes without saying', () => {
  const web = {
    service: 'web',
    port: 3001,
    host: undefined,
    description: 'the shop',
    metadata: { team: 'a' },
  }
  const dns = { service: 'dns', port: 5300, host: '::1', protocol: 'udp' as const }
  const local = {
    service: 'local',
    port: 0,
    host: undefined,
    protocol: 'unix' as const,
    path: '/x.sock',
  }
  expect(JSON.parse(JSON.stringify(exportMapping([api, web, dns, local], '/shop')))).toEqual({
    version: 1,
    root: '/shop',
    services: {
      api: { port: 3000, protocol: 'tcp' },
      web: {
        port: 3001,
        protocol: 'tcp',
        host: true,
        description: 'the shop',
        metadata: { team: 'a' },
      },
      dns: { port: 5300, protocol: 'udp', host: '::1' },
      local: { path: '/x.sock', protocol: 'unix' },
    },
  })
})

describe('an import', () => {
  test('prefers the mapped ports', () => {
    const options = importMapping(JSON.stringify(mapping({ api: 3000, web: 3001 })))
    expect(options).toEqual({
      services: { api: { preferred: [3000] }, web: { preferred: [3001] } },
    })
  })

  test('puts them before the preferred ones, and leaves the options and what is off as they are', () => {
    const given = {
      strict: true,
      services: { api: 4000, web: { preferred: [1, 2], proxy: '/w' }, docs: false },
    }
    const before = structuredClone(given)
    expect(importMapping(mapping({ api: 3000, web: 2, docs: 3 }), given)).toEqual({
      strict: true,
      services: {
        api: { preferred: [3000, 4000] },
        web: { preferred: [2, 1], proxy: '/w' },
        docs: false,
      },
    })
    expect(given).toEqual(before)
  })

  test('gives an entry with count its ports in order', () => {
    const ports = mapping({ 'api-3': 3007, 'api-2': 3005, api: 3009 })
    expect(importMapping(ports, { services: { api: { count: 3 } } })).toEqual({
      services: { api: { count: 3, preferred: [3009, 3005, 3007] } },
    })
    const block = importMapping(ports, { services: { api: { count: 3, contiguous: true } } })
    expect(block.services?.api).toMatchObject({ preferred: [3009] })
  })

  test('of sockets and other hosts', () => {
    const input = {
      version: 1,
      services: {
        local: { path: 'x.sock', protocol: 'unix' },
        dns: { port: 5300, protocol: 'udp', host: '::1', description: 'a', metadata: { b: 1 } },
      },
    }
    expect(importMapping(input, { services: { dns: { description: 'mine' } } })).toEqual({
      services: {
        local: { path: 'x.sock', protocol: 'unix' },
        dns: {
          preferred: [5300],
          protocol: 'udp',
          host: '::1',
          description: 'mine',
          metadata: { b: 1 },
        },
      },
    })
  })

  test.each<[unknown, string | RegExp]>([
    ['{', /^mapping: is no JSON \(.+\)\.$/],
    [null, 'mapping: null is not an object; expected a mapping of ports.'],
    [{ services: {} }, 'mapping: a mapping without "version".'],
    [{ version: 1 }, 'mapping: a mapping without "services".'],
    [
      { version: 2, services: {} },
      'mapping.version: 2 was written by a newer version; expected 1.',
    ],
    [
      { version: '1', services: {} },
      'mapping.version: "1" is no version of a mapping; expected 1.',
    ],
    [
      { version: 1, services: [] },
      'mapping.services: [] is not an object; expected service names with their ports.',
    ],
    [
      { version: 1, services: { api: { port: 70_000, protocol: 'tcp' } } },
      'mapping.services.api.port: 70000 is no port; expected a whole number from 1 to 65535.',
    ],
    [
      { version: 1, services: { api: { protocol: 'tcp' } } },
      'mapping.services.api: a service without "port".',
    ],
    [
      { version: 1, services: { api: { protocol: 'unix' } } },
      'mapping.services.api: a service without "path".',
    ],
    [
      { version: 1, services: { 'a b': { port: 1, protocol: 'tcp' } } },
      'mapping.services["a b"]: "a b" is no service name; expected letters (a-z), digits, "-", "_" and ".".',
    ],
    [
      { version: 1, services: { api: { port: 1, protocl: 'tcp', protocol: 'tpc' } } },
      'mapping.services.api.protocl: unknown option (value: "tcp"). Did you mean "protocol"?\n' +
        'mapping.services.api.protocol: "tpc" is no protocol; expected "tcp", "udp", "unix".',
    ],
    [
      JSON.parse('{ "version": 1, "services": { "__proto__": { "port": 1, "protocol": "tcp" } } }'),
      'mapping.services.__proto__: "__proto__" is a name that every JavaScript object has; choose another.',
    ],
  ])('of %j says what is wrong with it', (input, message) => {
    expect(messageOf(() => importMapping(input))).toMatch(message)
  })
})

describe('conflicts', () => {
  test('one port for two services', () => {
    expect(mappingConflicts([mapping({ api: 3000, web: 3000 })])).toEqual([
      {
        kind: 'port',
        port: 3000,
        protocol: 'tcp',
        places: [{ service: 'api' }, { service: 'web' }],
        message: 'tcp port 3000 is mapped to "api" and "web"; give one of them another port.',
      },
    ])
    const tcp = { version: 1, services: { a: { port: 53, protocol: 'tcp' } } }
    const udp = { version: 1, services: { b: { port: 53, protocol: 'udp' } } }
    expect(mappingConflicts([tcp, udp])).toEqual([])
  })

  test('one port for the same service of two roots', () => {
    const both = [mapping({ api: 3000 }, '/shop'), mapping({ api: 3000 }, '/blog')]
    expect(mappingConflicts(both).map(({ message }) => message)).toEqual([
      'tcp port 3000 is mapped to "api" of /shop and "api" of /blog; give one of them another port.',
    ])
    expect(mappingConflicts([mapping({ api: 3000 }, '/shop'), mapping({ api: 3000 })])).toEqual([])
  })

  test('one service with two ports, but not two services of one name', () => {
    expect(mappingConflicts([mapping({ api: 3000 }), mapping({ api: 3001 })])).toEqual([
      {
        kind: 'service',
        service: 'api',
        ports: [3000, 3001],
        message: '"api" is mapped to ports 3000 and 3001; keep one of them.',
      },
    ])
    expect(mappingConflicts([mapping({ api: 1 }, '/a'), mapping({ api: 2 }, '/b')])).toEqual([])
  })

  test('a port outside its pool, of several ports of one entry as well', () => {
    const options = {
      pools: { db: '20000-20999' },
      services: { pg: { pool: 'db', count: 2 }, web: { pool: 'db' }, other: {} },
    }
    const ports = mapping({ pg: 20_001, 'pg-2': 5432, web: 20_002, other: 1 })
    expect(mappingConflicts([ports], options)).toEqual([
      {
        kind: 'pool',
        service: 'pg-2',
        port: 5432,
        pool: 'db',
        range: [20_000, 20_999],
        message:
          '"pg-2" is mapped to port 5432, outside pool "db" (20000-20999); choose one in it.',
      },
    ])
  })
})

describe('a merge', () => {
  test('has the services of all', () => {
    const one = mapping({ api: 3000 }, '/shop')
    expect(mergeMappings(one, JSON.stringify(mapping({ web: 3001 }, '/shop')))).toEqual(
      mapping({ api: 3000, web: 3001 }, '/shop'),
    )
    expect(mergeMappings(one, mapping({ web: 3001 })).root).toBeUndefined()
    expect(mergeMappings()).toEqual({ version: 1, services: {} })
  })

  test('refuses conflicts, each named', () => {
    const one = mapping({ api: 3000, web: 3001 }, '/shop')
    const other = mapping({ api: 3002, web: 3001 }, '/blog')
    expect(messageOf(() => mergeMappings(one, other))).toBe(
      'tcp port 3001 is mapped to "web" of /shop and "web" of /blog; give one of them another port.\n' +
        '"api" is mapped to ports 3000 and 3002; keep one of them.',
    )
    expect(messageOf(() => mergeMappings(one, '['))).toMatch(/^mappings\[1\]: is no JSON/)
  })
})

test('property: what was exported imports as options that prefer exactly that', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/).filter((name) => !(name in {}))
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(
    fc.property(fc.dictionary(name, port, { minKeys: 1, maxKeys: 6 }), (services) => {
      const options = importMapping(JSON.stringify(mapping(services, '/shop')))
      const resolved = resolveOptions(options).services
      expect(Object.fromEntries(resolved.map((s) => [s.name, s.preferred[0]]))).toEqual(services)
      const duplicates = new Set(Object.values(services)).size < Object.keys(services).length
      expect(mappingConflicts([mapping(services)]).length > 0).toBe(duplicates)
    }),
  )
})

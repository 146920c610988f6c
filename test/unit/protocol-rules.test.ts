import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import type { Options, ServiceOptions } from '../../src/types.ts'

const resolve = (services: NonNullable<Options['services']>) =>
  resolveOptions({ services }, { dev: 5173, hmr: 24_678, preview: 4173 })

test.each<[string, ServiceOptions, string]>([
  [
    'api',
    { path: 'a.sock' },
    'services.api.path: only a service with protocol "unix" has a path; add protocol: "unix".',
  ],
  ['api', { path: 'a.sock', protocol: 'udp' }, 'services.api.path: only a service'],
  [
    'api',
    { protocol: 'unix', preferred: 3000 },
    'services.api.preferred: a service with protocol "unix" has no port; use "path" to say where it listens.',
  ],
  [
    'api',
    { protocol: 'unix', range: '1-2' },
    'services.api.range: a service with protocol "unix" has no port; a path is taken from no range.',
  ],
  ['api', { protocol: 'unix', pool: 'databases' }, 'services.api.pool: a service with'],
  ['api', { protocol: 'unix', strategy: 'hash' }, 'services.api.strategy: a service with'],
  ['api', { protocol: 'unix', host: true }, 'services.api.host: a service with'],
  [
    'api',
    { protocol: 'unix', count: 2, contiguous: true },
    'services.api.contiguous: a service with',
  ],
  [
    'api',
    { protocol: 'unix', count: 2, path: 'a' },
    'services.api.path: one path for several sockets; leave "path" or "count" out.',
  ],
  [
    'api',
    { protocol: 'unix', proxy: '/api' },
    'services.api.proxy: the dev server forwards to TCP ports alone, and this service has protocol "unix".',
  ],
  [
    'api',
    { protocol: 'udp', proxy: '/api' },
    'services.api.proxy: the dev server forwards to TCP ports alone',
  ],
  [
    'dev',
    { protocol: 'udp' },
    `services.dev.protocol: the bundler's own servers listen on TCP ports alone.`,
  ],
  ['hmr', { protocol: 'unix', path: 'x' }, `services.hmr.protocol: the bundler's own servers`],
  ['preview', { protocol: 'unix' }, `services.preview.protocol: the bundler's own servers`],
])('%s %o', (name, service, message) => {
  expect(() => resolve({ [name]: service })).toThrow(message)
})

test('what a protocol has a use for is taken', () => {
  const { services } = resolve({
    dev: { protocol: 'tcp' },
    dns: { protocol: 'udp', preferred: 5353, range: '5353-5400', host: '127.0.0.1' },
    api: { protocol: 'unix', path: 'api.sock', contiguous: false, strict: true },
    db: { protocol: 'unix', count: 2 },
  })
  const named = Object.fromEntries(services.map((service) => [service.name, service]))
  expect(named.dns).toMatchObject({ protocol: 'udp', browser: false, env: { port: ['DNS_PORT'] } })
  expect(named.api).toMatchObject({
    protocol: 'unix',
    path: 'api.sock',
    browser: false,
    env: { port: ['API_SOCKET'], url: ['API_URL'], target: [] },
  })
  expect(named.dev).toMatchObject({ protocol: 'tcp', browser: true })
})

test('an unknown protocol is told from these', () => {
  expect(() => resolve({ api: { protocol: 'sctp' as 'udp' } })).toThrow(
    'services.api.protocol: "sctp" is no protocol; expected "tcp", "udp", "unix".',
  )
})

test('two services never have one path', () => {
  const socket = { protocol: 'unix', path: 'run/a.sock' } as const
  expect(() => resolve({ api: socket, 'api-2': socket })).toThrow(
    'services["api-2"].path: services.api has this path already; choose another for one of them.',
  )
})

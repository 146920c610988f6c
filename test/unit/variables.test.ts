import { expect, test } from 'vitest'
import type { FileVariable } from '../../src/options/wishes.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { blockVariables } from '../../src/output/variables.ts'
import type { Options } from '../../src/types.ts'

function block(
  services: NonNullable<Options['services']>,
  { prefix, users = [] }: { prefix?: string; users?: FileVariable[] } = {},
) {
  const resolved = resolveOptions({ services }, { dev: 5173, hmr: 24_678 }, 'VITE_HMR_PORT')
  const published = resolved.services.map(({ name, env }, index) => ({
    service: name,
    env,
    port: 4000 + index,
    url: `http://localhost:${4000 + index}`,
  }))
  const { variables, warnings } = blockVariables(published, prefix, users, '.env.local')
  return { variables: Object.fromEntries(variables), warnings }
}

const user = (name: string, value: string): FileVariable => ({ name, value, file: '.env', line: 7 })

test('port and URL of every service, a target where something is proxied, VITE_HMR_PORT for HMR', () => {
  expect(block({ api: { proxy: '/api' }, 'auth-server': {} })).toEqual({
    variables: {
      DEV_PORT: '4000',
      DEV_URL: 'http://localhost:4000',
      VITE_HMR_PORT: '4001',
      API_PORT: '4002',
      API_URL: 'http://localhost:4002',
      API_TARGET: 'http://localhost:4002',
      AUTH_SERVER_PORT: '4003',
      AUTH_SERVER_URL: 'http://localhost:4003',
    },
    warnings: [],
  })
})

test('names per service, and none', () => {
  expect(
    block({
      dev: false,
      hmr: { env: false },
      api: { env: { port: ['BACKEND_PORT', 'PORT'], url: 'BACKEND' } },
    }).variables,
  ).toEqual({ BACKEND_PORT: '4001', PORT: '4001', BACKEND: 'http://localhost:4001' })
})

test('a prefix publishes a second time, but never doubles itself', () => {
  const { variables } = block({ dev: false, api: {} }, { prefix: 'VITE_' })
  expect(Object.keys(variables)).toEqual([
    'VITE_HMR_PORT',
    'API_PORT',
    'VITE_API_PORT',
    'API_URL',
    'VITE_API_URL',
  ])
})

test("a user's port that was had is no news, one that wasn't is reported", () => {
  expect(block({ api: {} }, { users: [user('API_PORT', '4002')] }).warnings).toEqual([])
  const missed = block({ api: {} }, { users: [user('API_PORT', '3000')] })
  expect(missed.warnings).toEqual([
    'API_PORT is 3000 in .env:7, but "api" got 4002: .env.local says so.',
  ])
  expect(missed.variables.API_PORT).toBe('4002')
})

test("a user's own URL is left alone, and its value is not printed", () => {
  const { variables, warnings } = block(
    { api: { proxy: '/api' } },
    { users: [user('API_URL', 'https://me:secret@staging.example.com')] },
  )
  expect(variables).not.toHaveProperty('API_URL')
  expect(variables.API_TARGET).toBe('http://localhost:4002')
  expect(warnings).toEqual([
    'API_URL is set in .env:7 and left alone; "api" is at http://localhost:4002.',
  ])
})

test('a socket publishes its path, and nothing for the browser', () => {
  const [service] = resolveOptions({ services: { api: { protocol: 'unix' } } }).services
  if (!service) throw new Error('no service')
  const path = '/run/my api.sock'
  const url = 'unix:/run/my%20api.sock'
  const published = [{ service: 'api', env: service.env, port: 0, path, url }]
  const { variables } = blockVariables(published, 'VITE_', [], '.env.local')
  expect(Object.fromEntries(variables)).toEqual({ API_SOCKET: path, API_URL: url })
})

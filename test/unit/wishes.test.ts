import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { collectWishes, type FileVariable, parsePort } from '../../src/options/wishes.ts'

const { services } = resolveOptions(
  { services: { api: { env: ['API_PORT', 'BACKEND_PORT'] } } },
  {
    dev: 5173,
  },
)

function wishes(
  process: Record<string, string>,
  files: FileVariable[] = [],
  block: Record<string, string> = {},
) {
  return collectWishes(services, { process, files, block: new Map(Object.entries(block)) })
}

const line = (name: string, value: string, file = '.env'): FileVariable => ({
  name,
  value,
  file,
  line: 1,
})

test('the process environment comes before files, the specific name before PORT', () => {
  const { byService } = wishes({ PORT: '4000', DEV_PORT: '4001', BACKEND_PORT: ' 3002 ' }, [
    line('API_PORT', '3003'),
    line('API_PORT', '3004', '.env.local'),
  ])
  expect(byService.dev).toEqual([
    { port: 4001, source: 'env', from: 'DEV_PORT' },
    { port: 4000, source: 'env', from: 'PORT' },
  ])
  expect(byService.api).toEqual([
    { port: 3002, source: 'env', from: 'BACKEND_PORT' },
    { port: 3004, source: 'env', from: 'API_PORT in .env.local' },
  ])
})

test("PORT in an env file is some server's, not the dev server's", () => {
  expect(wishes({}, [line('PORT', '4000')]).byService).toEqual({})
})

test('what is no port is reported and ignored, empty is nothing', () => {
  const { byService, warnings } = wishes({ PORT: 'auto', DEV_PORT: '', API_PORT: '70000' })
  expect(byService).toEqual({})
  expect(warnings).toEqual([
    'PORT should be a port from 1 to 65535 but is "auto"; ignored for "dev".',
    'API_PORT should be a port from 1 to 65535 but is "70000"; ignored for "api".',
  ])
})

test("our own block, loaded into the environment, is nobody's wish", () => {
  const block = { API_PORT: '3001', API_URL: 'http://localhost:3001' }
  expect(wishes({ ...block }, [], block).byService).toEqual({})
})

test('the same value typed by hand is one', () => {
  const block = { API_PORT: '3001', API_URL: 'http://localhost:3001' }
  expect(wishes({ API_PORT: '3001' }, [], block).byService.api).toEqual([
    { port: 3001, source: 'env', from: 'API_PORT' },
  ])
})

test('a typed value beside the loaded block is one', () => {
  const block = { DEV_PORT: '5174', API_PORT: '3001' }
  expect(wishes({ ...block, BACKEND_PORT: '3005' }, [], block).byService).toEqual({
    api: [{ port: 3005, source: 'env', from: 'BACKEND_PORT' }],
  })
})

test.each([
  ['3000', 3000],
  [' 3000\n', 3000],
  ['65535', 65_535],
  ['0', undefined],
  ['65536', undefined],
  ['-1', undefined],
  ['3e3', undefined],
  ['0x10', undefined],
  ['3000.5', undefined],
  ['٣٠٠٠', undefined],
])('port %j', (text, expected) => {
  expect(parsePort(text)).toBe(expected)
})

import { expect, test } from 'vitest'
import { maxPathBytes } from '../../src/net/socket-path.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { collectWishes } from '../../src/options/wishes.ts'
import { NO_PAST, planPorts } from '../../src/plan/plan.ts'
import { MAX_NAME_BYTES, type SocketPlace, socketPath } from '../../src/plan/socket-names.ts'
import type { ServiceOptions } from '../../src/types.ts'

const linux: SocketPlace = {
  platform: 'linux',
  root: '/work/shop',
  directory: () => '/run/user/1000/unplugin-ports',
}
const windows: SocketPlace = { platform: 'win32', root: 'C:\\work\\shop', directory: () => 'C:\\x' }

/** The candidates of one service, located. */
function paths(
  options: ServiceOptions,
  place: SocketPlace = linux,
  env: Record<string, string> = {},
): [source: string, path: string][] {
  const resolved = resolveOptions({ services: { api: { protocol: 'unix', ...options } } })
  const sources = { process: env, files: [], block: new Map() }
  const wishes = collectWishes(resolved.services, sources).byService
  const ephemeral = { from: 32_768, to: 60_999 }
  const [plan] = planPorts(resolved, { ...NO_PAST, wishes, ephemeral })
  return [...(plan?.candidates() ?? [])].map(({ port, source, socket }) => {
    expect(port).toBe(0)
    return [source, socket ? socketPath(socket, 'api', place) : 'none']
  })
}

test('by default: a name of root and service, and nine more when that one is taken', () => {
  const all = paths({})
  expect(all).toHaveLength(10)
  expect(all[0]?.[1]).toMatch(/^\/run\/user\/1000\/unplugin-ports\/api-[\da-f]{10}\.sock$/)
  expect(all[0]?.[0]).toBe('preferred')
  expect(all[1]).toEqual(['range', all[0]?.[1].replace('.sock', '-2.sock')])
  expect(paths({})).toEqual(all)
  expect(paths({ strict: true })).toEqual(all.slice(0, 1))
})

test('roots, services and second names never meet', () => {
  const name = (service: string, root: string, nth = 1): string =>
    socketPath({ nth }, service, { ...linux, root })
  const names = [name('api', '/a'), name('api', '/b'), name('api-2', '/a'), name('api', '/a', 2)]
  expect(new Set(names).size).toBe(4)
  // Whatever the service is called, the name stays short.
  const longest = name('x'.repeat(300), '/a', 10).slice(linux.directory().length + 1)
  expect(longest).toHaveLength(MAX_NAME_BYTES)
  // Where macOS has its temporary files, and with a long user number.
  const darwin = `/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/ports-1234567890/${longest}`
  expect(darwin.length).toBeLessThanOrEqual(maxPathBytes('darwin'))
})

test('a written path is the only one; one of a variable comes before it', () => {
  expect(paths({ path: 'run/api.sock' })).toEqual([['preferred', '/work/shop/run/api.sock']])
  expect(paths({ path: '/tmp/api.sock' })).toEqual([['preferred', '/tmp/api.sock']])
  expect(paths({ path: 'x' }, linux, { API_SOCKET: ' /tmp/typed.sock ' })).toEqual([
    ['env', '/tmp/typed.sock'],
    ['preferred', '/work/shop/x'],
  ])
  expect(paths({}, linux, { API_SOCKET: '/t' })[1]?.[0]).toBe('preferred')
  expect(paths({ env: false }, linux, { API_SOCKET: '/t' })[0]?.[0]).toBe('preferred')
})

test('on Windows they are pipes', () => {
  expect(paths({}, windows)[0]?.[1]).toMatch(/^\\\\\.\\pipe\\unplugin-ports-api-[\da-f]{10}$/)
  expect(paths({ path: '\\\\.\\pipe\\mine' }, windows)).toEqual([
    ['preferred', '\\\\.\\pipe\\mine'],
  ])
  expect(paths({ path: 'run/api.sock' }, windows)).toEqual([
    ['preferred', '\\\\.\\pipe\\C:\\work\\shop\\run\\api.sock'],
  ])
})

import { expect, test } from 'vitest'
import { hostList, statusPath } from '../../src/bundlers/status-page.ts'
import { SessionLog } from '../../src/reservation/session-log.ts'
import { renderMetrics } from '../../src/status/metrics.ts'
import {
  isOwnProcess,
  type UserPlace,
  withoutForeignCommand,
} from '../../src/status/own-process.ts'
import { forRemote } from '../../src/status/redact.ts'
import type { StatusReport } from '../../src/status/report.ts'

test.each([
  ['/__ports', '/', ''],
  ['/__ports/', '/', '/'],
  ['/__ports/status.json?x=/__ports/', '/', '/status.json'],
  ['/app/__ports/events', '/app/', '/events'],
  ['/__ports/events', '/app/', '/events'],
  ['/app/__ports/events', '/', undefined],
  ['/__portsmouth', '/', undefined],
  ['/?to=/__ports/', '/', undefined],
  ['http://evil.test/__ports/', '/', undefined],
  ['/__ports/', './', '/'],
  [undefined, '/', undefined],
])('%s below %s asks for %s', (url, base, path) => {
  expect(statusPath(url, { base: () => base })).toBe(path)
})

test('a setting that allows every name names nobody', () => {
  expect(hostList(true, undefined)).toEqual([])
  expect(hostList('all', 'dev.test')).toEqual(['dev.test'])
  expect(hostList(['.a.test'], true, 'b.test')).toEqual(['.a.test', 'b.test'])
})

const place = (more: Partial<UserPlace>): UserPlace => ({
  platform: 'linux',
  uid: 1000,
  reach: () => {},
  ownerOf: () => 1000,
  ...more,
})
const fails = (): never => {
  throw new Error('not permitted')
}

test("another user's process is told from one's own on every system", () => {
  expect(isOwnProcess(1, place({}))).toBe(true)
  expect(isOwnProcess(1, place({ ownerOf: () => 0 }))).toBe(false)
  expect(isOwnProcess(1, place({ uid: 0 }))).toBe(false)
  expect(isOwnProcess(1, place({ ownerOf: fails }))).toBe(false)
  expect(isOwnProcess(1, place({ platform: 'darwin' }))).toBe(true)
  expect(isOwnProcess(1, place({ platform: 'darwin', reach: fails }))).toBe(false)
  expect(isOwnProcess(1, place({ platform: 'darwin', uid: 0 }))).toBe(false)
  expect(isOwnProcess(1, place({ platform: 'win32', uid: undefined }))).toBe(true)
  expect(isOwnProcess(1, place({ platform: 'win32', uid: undefined, reach: fails }))).toBe(false)
})

test('a command line stays only with a process that is known to be ours', () => {
  expect(withoutForeignCommand({ pid: process.pid, command: 'vite' }).command).toBe('vite')
  expect(withoutForeignCommand({ pid: 2 ** 22 + 1, command: 'vite' })).toEqual({ pid: 2 ** 22 + 1 })
  expect(withoutForeignCommand({ command: 'vite' })).toEqual({})
})

test('what happened is counted, and the latest events are kept', () => {
  const log = new SessionLog()
  log.count([{ port: 1, source: 'preferred' }], 'preferred')
  log.count(
    [
      { port: 1, source: 'preferred', rejected: 'in-use' },
      { port: 2, source: 'range', rejected: 'blocked' },
      { port: 3, source: 'range' },
    ],
    'range',
  )
  log.count([{ port: 1, source: 'preferred', rejected: 'leased' }], undefined)
  const told: number[] = []
  log.listeners.add(({ id }) => told.push(id))
  for (let i = 0; i < 130; i++) log.note('warning', `number ${i}`)
  expect(log.events).toHaveLength(100)
  expect(log.events.at(-1)).toMatchObject({ id: 130, text: 'number 129' })
  expect(told).toHaveLength(130)
  const pool = { name: 'team "a"', range: [1, 4] as const, size: 4, reserved: 1, free: 2 }
  const pools = [{ ...pool, inUseByOthers: 1, share: 0.5, warnAt: 0.9 }]
  const text = renderMetrics({ tally: log.tally, health: [], pools }, { branch: 'main' })
  const samples = text.split('\n').filter((line) => line && !line.startsWith('#'))
  expect(samples).toEqual([
    'ports_allocations_total{branch="main",source="preferred"} 1',
    'ports_allocations_total{branch="main",source="range"} 1',
    'ports_fallbacks_total{branch="main"} 1',
    'ports_conflicts_total{branch="main",reason="in-use"} 1',
    'ports_conflicts_total{branch="main",reason="leased"} 1',
    'ports_exhausted_total{branch="main"} 1',
    'ports_moves_total{branch="main"} 0',
    'ports_pool_ports{branch="main",pool="team \\"a\\"",use="reserved"} 1',
    'ports_pool_ports{branch="main",pool="team \\"a\\"",use="others"} 1',
    'ports_pool_ports{branch="main",pool="team \\"a\\"",use="free"} 2',
  ])
})

test('probes are counted below bounds, however many there are', () => {
  const log = new SessionLog()
  for (const seconds of [0.0005, 0.001, 0.02, 9]) log.probed('api', seconds)
  const text = renderMetrics({ tally: log.tally, health: [], pools: [] })
  const name = 'ports_probe_duration_seconds'
  expect(text).toContain(`# TYPE ${name} histogram`)
  const buckets = text.split('\n').filter((line) => line.startsWith(`${name}_bucket`))
  expect(buckets).toHaveLength(12)
  expect(buckets[0]).toBe(`${name}_bucket{service="api",le="0.001"} 2`)
  expect(buckets).toContain(`${name}_bucket{service="api",le="0.01"} 2`)
  expect(buckets).toContain(`${name}_bucket{service="api",le="0.025"} 3`)
  expect(buckets.at(-2)).toBe(`${name}_bucket{service="api",le="2.5"} 3`)
  expect(buckets.at(-1)).toBe(`${name}_bucket{service="api",le="+Inf"} 4`)
  expect(text).toContain(`${name}_count{service="api"} 4`)
  expect(Number(/_sum\{service="api"\} (.*)/.exec(text)?.[1])).toBeCloseTo(9.0215)
})

test('remote readers see no path, process, command, variable or reason', () => {
  const secret = 'SECRET'
  const report: StatusReport = {
    v: 1,
    at: 1,
    reader: 'local',
    identity: {
      v: 1,
      service: 'dev',
      port: 5173,
      branch: 'main',
      project: 'p',
      label: `${secret} (main)`,
      lease: 'l',
      root: `/${secret}`,
      checkout: `/${secret}`,
      pid: 424_242,
    },
    envFile: `/${secret}/.env.local`,
    networkUrl: `http://${secret}:5173`,
    services: [
      {
        service: 'api',
        port: 3000,
        url: 'http://localhost:3000',
        link: false,
        state: 'running',
        within: secret,
        source: 'range',
        how: `held by ${secret}`,
        owner: { pid: 424_242, command: secret, container: secret },
        health: { state: 'down', since: 1, reason: secret, servedBy: secret, history: [] },
        process: { state: 'failed', since: 1, command: secret, restarts: 1, reason: secret },
        variables: [{ name: 'API_PORT', value: secret }],
        start: secret,
        actions: ['move'],
      },
      {
        service: 'sock',
        port: 0,
        protocol: 'unix',
        path: `/${secret}`,
        url: `unix:/${secret}`,
        link: false,
        state: 'waiting',
        variables: [],
        actions: [],
      },
    ],
    checkouts: [
      {
        dir: `/${secret}`,
        branch: 'x',
        services: [{ service: 'dev', port: 5174, state: 'serving', pid: 424_242, command: secret }],
      },
    ],
    pools: [],
    events: [
      { id: 1, at: 1, kind: 'warning', text: secret },
      { id: 2, at: 1, kind: 'moved', text: secret, service: 'api' },
    ],
  }
  const text = JSON.stringify(forRemote(report))
  expect(text).not.toContain(secret)
  expect(text).not.toContain('424242')
  expect(forRemote(report).services[0]).toMatchObject({ port: 3000, url: 'http://localhost:3000' })
})

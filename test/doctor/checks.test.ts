import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkEnvBlock } from '../../src/doctor/checks/env-block.ts'
import { checkEnvTracked } from '../../src/doctor/checks/env-tracked.ts'
import { checkHardCoded } from '../../src/doctor/checks/hard-coded.ts'
import { checkLeases } from '../../src/doctor/checks/leases.ts'
import { checkLocalhost } from '../../src/doctor/checks/localhost.ts'
import { checkMemory } from '../../src/doctor/checks/memory.ts'
import { checkNode } from '../../src/doctor/checks/node.ts'
import { checkOpenHosts } from '../../src/doctor/checks/open-host.ts'
import {
  checkBlockedPorts,
  checkEphemeralRange,
  checkExcludedRanges,
  checkPrivilegedPorts,
} from '../../src/doctor/checks/ranges.ts'
import { checkStateDirectory } from '../../src/doctor/checks/state-directory.ts'
import { checkVersions } from '../../src/doctor/checks/versions.ts'
import {
  gatherExcludedRanges,
  parseExcludedRanges,
} from '../../src/doctor/facts/excluded-ranges.ts'
import { localhostIn } from '../../src/doctor/facts/localhost.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { type WantedService, wantedServices } from '../../src/doctor/wanted.ts'
import type { Mismatch } from '../../src/machine/reconcile.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import type { Options } from '../../src/types.ts'
import { repo } from '../_utils/temp.ts'

type Services = NonNullable<Options['services']>

function services(options: Services): WantedService[] {
  return wantedServices(resolveOptions({ services: options }), new Set(Object.keys(options)))
}

const short = (found: readonly Finding[]): string[] =>
  found.map(({ severity, port, service }) => [severity, service, port].filter(Boolean).join(' '))

const KERNEL = { from: 32_768, to: 60_999 }

test('ephemeral ranges', () => {
  const wanted = services({
    a: 3000,
    b: 40_000,
    c: { range: '30000-33000' },
    d: { range: '3000-3100' },
  })
  const found = checkEphemeralRange(wanted, KERNEL)
  expect(short(found)).toEqual(['warning b 40000', 'warning c'])
  expect(found[0]?.message).toContain('services.b.preferred is 40000, in 32768-60999')
  expect(checkEphemeralRange([], KERNEL)).toEqual([])
  const low = checkEphemeralRange([], { from: 1024, to: 65_535 })
  expect(low[0]?.fix).toContain('sysctl')
})

describe('Windows’ excluded ranges', () => {
  const recorded = (name: string): string =>
    readFileSync(join(repo, 'test/fixtures/recorded/doctor', name), 'utf8')

  test('are read in any language', () => {
    expect(parseExcludedRanges(recorded('windows-excludedportrange.txt'))).toEqual([
      { from: 2869, to: 2869 },
      { from: 5357, to: 5357 },
      { from: 50_000, to: 50_059 },
      { from: 50_160, to: 50_259 },
    ])
    const german = recorded('windows-excludedportrange-german.txt')
    expect(parseExcludedRanges(german)).toContainEqual({ from: 2913, to: 3012 })
    expect(parseExcludedRanges('nonsense 1 2 3\n0 5\n9 4\n70000 70001')).toEqual([])
  })

  test('are asked for by path, once for each family', async () => {
    const asked: string[] = []
    const run = async (file: string, args: readonly string[]): Promise<string> => {
      asked.push([file, ...args].join(' '))
      return recorded('windows-excludedportrange-german.txt')
    }
    const ranges = await gatherExcludedRanges('win32', { SystemRoot: 'D:\\Win' }, run)
    expect(ranges).toHaveLength(3)
    expect(asked[0]).toBe(
      'D:\\Win\\System32\\netsh.exe int ipv4 show excludedportrange protocol=tcp',
    )
    expect(asked).toHaveLength(2)
    expect(await gatherExcludedRanges('linux', {}, run)).toEqual([])
    const found = checkExcludedRanges(services({ web: 3000, api: 4000 }), ranges)
    expect(short(found)).toEqual(['error web 3000'])
  })
})

test('ports below 1024, and ports that browsers refuse', () => {
  const wanted = services({
    web: 80,
    api: { preferred: [443, 3000] },
    irc: 6667,
    db: { preferred: 6000, protocol: 'udp' },
  })
  expect(short(checkPrivilegedPorts(wanted, 'linux', false))).toEqual([
    'warning web 80',
    'warning api 443',
  ])
  expect(checkPrivilegedPorts(wanted, 'linux', true)).toEqual([])
  expect(checkPrivilegedPorts(wanted, 'win32', false)).toEqual([])
  expect(short(checkBlockedPorts(wanted))).toContain('error irc 6667')
  expect(short(checkBlockedPorts(wanted)).join()).not.toMatch(/web|api/)
})

describe('localhost', () => {
  const hostsFile = { path: '/etc/hosts', addresses: ['127.0.0.1'] }
  const check = (addresses: string[], ipv6 = true, lines = addresses): string[] =>
    checkLocalhost({ addresses, ipv6, hostsFile: { ...hostsFile, addresses: lines } }).map(
      ({ code, severity, message }) => `${severity} ${code} ${message}`,
    )
  test.each([
    ['one family', ['127.0.0.1'], true, []],
    ['both, IPv4 first', ['127.0.0.1', '::1'], true, []],
    ['both, IPv6 first', ['::1', '127.0.0.1'], true, [/^note localhost .*::1 first/]],
    ['nothing', [], true, [/^error localhost .*does not resolve/]],
    ['elsewhere', ['10.0.0.7'], true, [/^error localhost localhost is 10\.0\.0\.7/]],
    ['IPv6 off', ['127.0.0.1'], false, [/^note ipv6/]],
    ['IPv6 off, and named', ['::1', '127.0.0.1'], false, [/^note ipv6/, /^warning localhost/]],
  ] as const)('%s', (_, addresses, ipv6, expected) => {
    const found = check([...addresses], ipv6)
    expect(found).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern)
  })

  test('a resolver that says something else than the hosts file', () => {
    expect(check(['::1'], true, ['127.0.0.1'])).toEqual([
      expect.stringMatching(/^note localhost .*hosts says/),
    ])
  })

  test('hosts files are read as systems read them', () => {
    const text =
      '# 127.0.0.9 localhost\n127.0.0.1\tlocalhost loopback\r\n::1 ip6-localhost localhost # six\n10.0.0.1 host\n127.0.0.1 localhost\n'
    expect(localhostIn(text)).toEqual(['127.0.0.1', '::1'])
  })
})

describe('the state directory', () => {
  const fine = {
    path: '/s',
    kind: 'directory',
    writable: true,
    owner: 7,
    user: 7,
    mode: 0o700,
    freeBytes: 1e9,
  } as const
  test.each([
    ['fine', {}, []],
    ['missing yet', { kind: 'missing' }, []],
    ['a file', { kind: 'other' }, ['error']],
    ['another user’s', { owner: 0 }, ['error']],
    ['read-only', { writable: false }, ['error']],
    ['nowhere to make it', { kind: 'missing', writable: false }, ['error']],
    ['open to others', { mode: 0o777 }, ['warning']],
    ['full', { freeBytes: 512 }, ['error']],
    ['on Windows', { owner: undefined, user: undefined, mode: undefined }, []],
  ] as const)('%s', (_, facts, severities) => {
    const found = checkStateDirectory({ ...fine, ...facts } as never)
    expect(found.map(({ severity }) => severity)).toEqual(severities)
    for (const { fix } of found) expect(fix).not.toBe('')
  })

  test('only its owner’s permissions are repaired', () => {
    const repairs = (owner: number): unknown[] =>
      checkStateDirectory({ ...fine, mode: 0o777, owner }).map(({ repair }) => repair)
    expect(repairs(7)).toEqual([{ kind: 'permissions', path: '/s', mode: 0o700 }])
    expect(repairs(0)).toEqual([undefined, undefined])
  })
})

test('memory: what is damaged is a warning, what is only old a note', () => {
  const found = checkMemory({
    leftovers: [
      { what: 'file', path: '/s/a' },
      { what: 'token', path: '/s/b', pid: 12 },
      { what: 'root', path: '/s/c', root: '/gone', why: 'gone', ports: [3000] },
    ],
    refused: { path: '/s/d', reason: 'is a symbolic link' },
  })
  expect(found.map(({ severity, file }) => [severity, file])).toEqual([
    ['warning', '/s/a'],
    ['note', '/s/b'],
    ['note', '/s/c'],
    ['warning', '/s/d'],
  ])
  expect(found.map(({ repair }) => repair?.kind)).toEqual(['clean', 'clean', 'clean', undefined])
})

test('leases', () => {
  const lease = {
    v: 1,
    port: 3000,
    service: 'api',
    state: 'leased',
    root: '/shop',
    checkout: '/shop',
    pid: 9,
    command: 'node',
    since: '',
  } as const
  const mismatches: Mismatch[] = [
    { port: 3000, problem: 'foreign-server', lease, who: 'python3 (pid 4)' },
    { port: 3001, problem: 'no-answer' },
    { port: 3002, problem: 'nobody-listens', lease: { ...lease, port: 3002 } },
  ]
  const found = checkLeases(mismatches, '/shop')
  expect(short(found)).toEqual(['error api 3000', 'note 3001', 'warning api 3002'])
  const fromOutside = checkLeases(mismatches, '/other')
  expect(short(fromOutside)).toEqual(['note api 3000', 'note 3001', 'note api 3002'])
  expect(found[0]?.message).toContain('the server there is python3 (pid 4)')
})

test('the env block: values that differ from what runs, or lead to others', () => {
  const found = checkEnvBlock({
    file: '/shop/.env.local',
    variables: new Map(),
    ports: new Map([
      ['API_PORT', 3000],
      ['DEV_PORT', 5173],
      ['OLD_PORT', 4000],
      ['QUIET_PORT', 4001],
    ]),
    live: new Map([
      ['API_PORT', { service: 'api', port: 3001 }],
      ['DEV_PORT', { service: 'dev', port: 5173 }],
    ]),
    own: new Set([3001, 5173]),
    others: new Map([[4000, '"web" of /other']]),
  })
  expect(found.map(({ message }) => message)).toEqual([
    'API_PORT is 3000 in /shop/.env.local, but "api" runs on 3001.',
    'OLD_PORT is 4000 in /shop/.env.local, which now belongs to "web" of /other.',
  ])
})

test('an env file that git does not ignore', () => {
  expect(checkEnvTracked('/a/.env.local', { kind: 'nothing' })).toEqual([])
  const add = { kind: 'add', path: '/a/.gitignore', before: undefined, after: '' } as const
  expect(checkEnvTracked('/a/.env.local', add)[0]?.repair).toEqual({
    kind: 'ignore',
    envFile: '/a/.env.local',
  })
  const tracked = checkEnvTracked('/a/.env.local', { kind: 'tracked', file: '/a/.env.local' })
  expect(tracked[0]?.fix).toContain('git rm --cached')
  expect(tracked[0]?.repair).toBeUndefined()
})

test('hosts that are open', () => {
  const wanted = services({
    web: { host: true },
    api: { host: '0.0.0.0' },
    db: { host: 'localhost' },
    x: {},
  })
  const reached = [{ port: 3000, service: 'api', address: '10.0.0.7' }]
  const found = checkOpenHosts(wanted, reached)
  expect(short(found)).toEqual(['note api 3000', 'note web'])
})

test('versions', () => {
  const copy = (version: string, by: string) => ({ path: `/m/${version}`, version, by })
  expect(checkVersions([], '1.0.0')).toEqual([])
  expect(checkVersions([copy('1.0.0', '/a')], '1.0.0')).toEqual([])
  expect(short(checkVersions([copy('1.1.0', '/a')], '1.0.0'))).toEqual(['note'])
  const mixed = checkVersions([copy('1.1.0', '/a'), copy('1.0.0', '/b')], '1.0.0')
  expect(mixed[0]).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('1.1.0 (/a), 1.0.0 (/b)'),
  })
})

test('Node', () => {
  for (const good of ['20.19.0', '20.20.1', '22.12.0', '22.23.0', '24.0.0', '23.0.0', '26.1.0']) {
    expect(checkNode(good), good).toEqual([])
  }
  for (const bad of ['18.20.0', '20.18.3', '21.7.0', '22.11.0']) {
    expect(short(checkNode(bad)), bad).toEqual(['error'])
  }
})

describe('hard-coded ports', () => {
  const find = (path: string, text: string): [number | undefined, number | undefined][] =>
    checkHardCoded([{ path, text }], []).map(({ line, port }) => [line, port])

  test.each([
    ["fetch('http://localhost:3000/items')", 3000],
    ['const url = `ws://127.0.0.1:4001`', 4001],
    ["target: 'localhost:3000',", 3000],
    ['<a href="http://[::1]:8080/">', 8080],
  ])('in code: %s', (line, port) => {
    expect(find('/a/src/app.ts', `\n${line}\n`)).toEqual([[2, port]])
  })

  test.each([
    "// fetch('http://localhost:3000')",
    " * 'http://localhost:3000'",
    "const url = process.env.API_URL ?? 'http://localhost:3000'",
    "throw new Error('see http://localhost:3000 for it')",
    "fetch('http://localhost/items')",
    "fetch('http://example.test:3000')",
    "fetch('http://localhost:3000') // ports doctor: ignore",
    "work() // 'http://localhost:3000'",
    `${' '.repeat(600)}'http://localhost:3000'`,
  ])('not in %j', (line) => {
    expect(find('/a/src/app.ts', line)).toEqual([])
  })

  test('the advice fits the file and the service', () => {
    const wanted = services({ shop: { preferred: 3000, env: { url: 'SHOP_ADDRESS' } } })
    const advice = (path: string, text: string): string =>
      checkHardCoded([{ path, text }], wanted)[0]?.fix ?? ''
    expect(advice('/a/vite.config.ts', "'http://localhost:3000'")).toContain(
      'services: { shop: { proxy:',
    )
    expect(advice('/a/playwright.config.ts', "'http://localhost:5173'")).toContain(
      'process.env.DEV_URL',
    )
    expect(advice('/a/playwright.config.ts', "'http://localhost:3000'")).toContain(
      'process.env.SHOP_ADDRESS',
    )
    expect(advice('/a/src/app.ts', "'http://localhost:3000'")).toContain(
      "services.shop?.url of '~ports'",
    )
    expect(advice('/a/.env', 'API=http://localhost:3000')).toContain('Take the line out')
    expect(advice('/a/package.json', '"x": "curl http://localhost:3000"')).toContain('ports run')
    expect(advice('/a/src/app.ts', "'http://localhost:7000'")).toContain(
      'services: { api: { preferred: 7000 } }',
    )
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PortsOptionError } from '../../src/errors.ts'
import { findLineInCode } from '../../src/config/code-lines.ts'
import { findKeyLines, JsonSyntaxError } from '../../src/config/json-lines.ts'
import { optionsForRoot } from '../../src/config/packages.ts'
import { parseLinuxLeases, parseOtherLinuxLeases } from '../../src/lease/list.ts'
import { parseDockerPs } from '../../src/net/owners/containers.ts'
import { parseLsofCwds, parseLsofListeners } from '../../src/net/owners/darwin-lsof.ts'
import { parsePs } from '../../src/net/owners/darwin-ps.ts'
import { parseListenRows } from '../../src/net/owners/linux-sockets.ts'
import { parseUnixListeners } from '../../src/net/owners/linux-unix.ts'
import { parseNetstat } from '../../src/net/owners/windows-netstat.ts'
import { parseProcessList } from '../../src/net/owners/windows-processes.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { validateOptions } from '../../src/options/validate.ts'
import { scanEnv } from '../../src/output/env-scan.ts'
import { readAnswer, readEnd, readServe } from '../../src/preload/esbuild-packets.ts'
import { matchesName, matchesPath } from '../../src/utils/glob.ts'
import { maskSecrets } from '../../src/utils/mask-secrets.ts'
import { parseStat } from '../../src/utils/process-stat.ts'
import type { Options } from '../../src/types.ts'

/** The error of options that can't be used: coded, each line of it with a path. */
function refusalOf(options: unknown): string | undefined {
  try {
    resolveOptions(options as Options)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(PortsOptionError)
    const { code, message } = error as PortsOptionError
    expect(code).toBe('PORTS_INVALID_OPTION')
    return message
  }
}

describe('options of every shape', () => {
  const keys = fc.constantFrom(
    'services',
    'api',
    'dev',
    'host',
    'exclude',
    'pools',
    'range',
    'preferred',
    'metadata',
    'env',
    'command',
    'dependsOn',
    'count',
    'group',
    'proxy',
    'health',
    'upstreams',
    'url',
    '__proto__',
    'constructor',
    'toString',
    'then',
    'toJSON',
    '',
    '\u0000',
    'packages',
  )
  const leaves = fc.oneof(
    fc.constantFrom(0, -1, 3000, 65_536, 1e308, Number.NaN, null, undefined, true, false, 7n),
    fc.constantFrom(Symbol('x'), () => 1, new Date(0), /x/, new Map(), new Error('x'), '3000'),
    fc.string({ maxLength: 20 }),
    fc.constant('\u001b[2J\u202Ex\n'),
  )
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.array(tie('value'), { maxLength: 4 }),
      // Own keys, as `JSON.parse` makes them.
      fc
        .array(fc.tuple(keys, tie('value')), { maxLength: 5 })
        .map((pairs) => Object.fromEntries(pairs) as unknown),
    ),
  }))
  const options = fc
    .tuple(value, fc.dictionary(keys, value, { maxKeys: 4 }), fc.boolean())
    .map(([any, services, inServices]) => (inServices ? { services } : any))

  test('property: they are options, or an error that says where', () => {
    fc.assert(
      fc.property(options, (given) => {
        const refusal = refusalOf(given)
        for (const line of refusal?.split('\n') ?? []) {
          expect(line).toMatch(/^(?:[A-Za-z_$][\w$]*|options)[^:]*|^and \d+ more/)
        }
        // eslint-disable-next-line no-control-regex -- nothing that steers a terminal
        expect(refusal ?? '').not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/)
      }),
      { numRuns: 500 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  const boo = (): never => {
    throw new Error('boo')
  }
  const throwing: [string, unknown][] = [
    ['a getter', Object.defineProperty({}, 'services', { get: boo, enumerable: true })],
    ['a proxy without keys', new Proxy({}, { ownKeys: boo })],
    ['a proxy without a prototype', new Proxy({}, { getPrototypeOf: boo })],
    ['a proxy inside', { services: { api: new Proxy({ preferred: 1 }, { get: boo }) } }],
  ]
  test.each(throwing)('%s that throws is an error of ours', (_, given) => {
    expect(refusalOf(given)).toBe(`options: can't be read: "boo".`)
  })

  test('what can not be looked through is refused at once', () => {
    const top: Record<string, unknown> = {}
    let at = top
    for (let level = 0; level < 40; level++) at = at.a = at.b = {} as Record<string, unknown>
    expect(refusalOf({ services: { api: { metadata: top } } })).toContain('is no metadata')
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(refusalOf({ exclude: cycle })).toContain('exclude[0]')
    let deep: unknown = 1
    for (let level = 0; level < 20_000; level++) deep = { services: deep }
    expect(refusalOf(deep)).toContain('services')
  })

  test('of thousands of problems the first are told', () => {
    const lines = refusalOf({ exclude: Array.from({ length: 5000 }, () => 'x') })?.split('\n') ?? []
    expect(lines).toHaveLength(51)
    expect(lines.at(-1)).toBe('and 4950 more.')
  })

  test('keys of every object are answered, and change no object', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) {
      const given: unknown = JSON.parse(`{"services":{"${name}":{"polluted":1}},"${name}":{"p":1}}`)
      expect(() => validateOptions(given)).toThrow(name)
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('globs', () => {
  test.each([
    ['apps/*', 'apps/web', true],
    ['apps/*', 'apps/web/src', false],
    ['apps/**', 'apps', false],
    ['apps/**', 'apps/web/src', true],
    ['**/web', 'web', true],
    ['**/web', 'a/b/web', true],
    ['**/web', 'a/b/webs', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'ac', false],
    ['*a', 'a', true],
    ['a*a', 'a', false],
    ['a.b', 'axb', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected)
  })

  test('property: names agree with the regular expression that they would be', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 6 })
    const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 })
    fc.assert(
      fc.property(letters, names, (pattern, name) => {
        const expected = new RegExp(`^${pattern.join('').replaceAll('*', '.*')}$`)
        expect(matchesName(pattern.join(''), name.join(''))).toBe(expected.test(name.join('')))
      }),
    )
  })

  test('a pattern on which a regular expression never ends', () => {
    const packages = { [`${'**/'.repeat(30)}x`]: {}, [`${'*a'.repeat(30)}x`]: {} }
    const place = `${'a/'.repeat(60)}${'a'.repeat(200)}`
    expect(optionsForRoot({ packages }, '/r', `/r/${place}`)).toEqual({})
  })
})

describe('texts of other programs', () => {
  const parsers: [name: string, parse: (text: string) => unknown][] = [
    ['/proc/net/tcp', (text) => parseListenRows(text, undefined)],
    ['/proc/net/udp', (text) => parseListenRows(text, undefined, 'udp')],
    ['/proc/net/unix', (text) => parseUnixListeners(text, '/run/x')],
    ['leases', (text) => [parseLinuxLeases(text), parseOtherLinuxLeases(text)]],
    ['/proc/<pid>/stat', parseStat],
    ['lsof', (text) => [parseLsofListeners(text), parseLsofCwds(text)]],
    ['ps', parsePs],
    ['netstat', parseNetstat],
    ['PowerShell', parseProcessList],
    ['docker ps', parseDockerPs],
    ['env', scanEnv],
    ['secrets', (text) => maskSecrets([text])],
    ['code', (text) => findLineInCode(text, ['services', 'api'])],
  ]
  const pieces = [
    '   0: ',
    '0100007F:0BB8 ',
    '00000000:0000 ',
    '0A ',
    '07 ',
    '52011 ',
    ': 00000002 ',
    '\n',
    'ffff: 2 0 00010000 1 1 9 ',
    '@unplugin-ports:5173',
    '@unplugin-ports:99999',
    '@@@',
    '/run/x',
    '12 (',
    ') S ',
    '1 7 7 0 -1 ',
    'p12\n',
    'n*:3000\n',
    'n[::1]:1\n',
    ' 4121 Mon Jan  5 10:11:12 2026 x',
    'TCP ',
    '127.0.0.1:80 ',
    '0.0.0.0:0 ',
    '[::]:0 ',
    '{"Names":"a","Ports":"',
    '0.0.0.0:1-9->1/tcp',
    '"}',
    '[{"ProcessId":1,"StartedAt":"x"}]',
    'A="',
    "'",
    '`',
    '#',
    '\r\n',
    '\0',
    'ÿ',
    'services: {',
    'api: ',
    '}',
    '/*',
    '//',
    '\\',
    '://a:b@',
    '--token ',
    ' ',
    '9'.repeat(40),
  ]
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((all) => all.join(''))

  test.each(parsers)('property: %s is read without a crash', (_, parse) => {
    fc.assert(
      fc.property(text, (given) => {
        parse(given)
      }),
      { numRuns: 60 },
    )
  })

  // Each of them, repeated, is where a parser that goes back and forth would take minutes.
  test.each(parsers)('%s: one thing over and over takes no longer than others', (_, parse) => {
    for (const piece of pieces.filter((one) => one !== '://a:b@' && one !== '--token ')) {
      parse(piece.repeat(Math.ceil(40_000 / piece.length)))
    }
  })

  test('ports that are none are no leases', () => {
    const row = (port: string): string =>
      `ffff: 00000002 00000000 00010000 0001 01 9 @unplugin-ports:${port}..\n`
    expect(parseLinuxLeases(row('5173') + row('0') + row('99999'))).toEqual([5173])
  })

  test('docker: every port of a machine, a thousand times', () => {
    const ports = Array.from({ length: 20 }, () => '0.0.0.0:1-65535->1-65535/tcp').join(', ')
    const line = JSON.stringify({ Names: 'a', Ports: ports, Labels: '' })
    expect(parseDockerPs(`${line}\n`.repeat(300)).size).toBe(65_535)
  })

  test('property: packets of esbuild, cut off anywhere', () => {
    const word = (text: string): Buffer => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(Buffer.byteLength(text))
      return Buffer.concat([length, Buffer.from(text)])
    }
    const parts = [
      Buffer.alloc(8),
      word('command'),
      Buffer.of(3),
      word('serve'),
      word('dispose'),
      word('port'),
      Buffer.of(2),
      Buffer.of(184, 11, 0, 0),
      word('host'),
      word('key'),
      Buffer.of(255, 255, 255, 255),
      word('127.0.0.1'),
      Buffer.of(6),
      word('error'),
    ]
    const whole = [0, 1, 2, 3, 5, 6, 7, 8, 2, 11].map((index) => parts[index] ?? Buffer.alloc(0))
    expect(readServe(Buffer.concat(whole))).toMatchObject({ port: 3000, host: '127.0.0.1' })
    const packet = fc
      .tuple(fc.array(fc.constantFrom(...parts), { maxLength: 14 }), fc.nat(80))
      .map(([all, length]) =>
        Buffer.concat([...whole.slice(0, 4), ...all]).subarray(0, 20 + length),
      )
    fc.assert(
      fc.property(packet, (bytes) => {
        readServe(bytes)
        readEnd(bytes)
        readAnswer(bytes, 7)
      }),
      { numRuns: 500 },
    )
  })

  test('JSON with tens of thousands of lines, and levels without end', () => {
    expect(findKeyLines(`[${'1,\n'.repeat(30_000)}1]`).get('[30000]')).toBe(30_001)
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    expect(() => findKeyLines(deep)).toThrow(JsonSyntaxError)
    expect(() => findKeyLines('['.repeat(500_000))).toThrow(JsonSyntaxError)
  })

  test('code with thousands of levels and quotes that nothing closes', () => {
    const levels = `${'services:{'.repeat(5000)}${'}'.repeat(5000)}`
    expect(findLineInCode(levels, ['services', 'services', 'x'])).toBeUndefined()
    for (const sign of ['`\\', "'\\", '/*', '"\\']) {
      expect(findLineInCode(`${sign.repeat(50_000)}\nhost: 1`, ['nothing'])).toBeUndefined()
    }
    expect(findLineInCode(`a = /'/\nb = "\nhost: 1 /* it's`, ['host'])).toBe(3)
  })
})

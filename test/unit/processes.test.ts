import * as fc from 'fast-check'
import colors from 'picocolors'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import type { PortReservation } from '../../src/reservation/reservation.ts'
import { nextAfter } from '../../src/session/processes/backoff.ts'
import { commandOf, environmentOf } from '../../src/session/processes/command.ts'
import { endOnSignals, type SignalledProcess } from '../../src/session/processes/end-on-signals.ts'
import { LineSplitter, tidyLine } from '../../src/session/processes/line-splitter.ts'
import { inReverse } from '../../src/session/processes/order.ts'
import { Prefixes } from '../../src/session/processes/prefix.ts'
import { until } from '../_utils/until.ts'

const RESTART = {
  when: 'on-failure',
  maxRetries: 3,
  delayMs: 100,
  maxDelayMs: 300,
  resetAfterMs: 5000,
} as const

describe('what comes after a run', () => {
  test('twice the time of the last try, up to a limit, and not for ever', () => {
    const delays: number[] = []
    for (let retries = 0; ;) {
      const next = nextAfter({ exitCode: 1, ranMs: 10, retries }, RESTART)
      if (next.do !== 'restart') {
        expect(next.do).toBe('give-up')
        break
      }
      delays.push(next.delayMs)
      retries = next.retries
    }
    expect(delays).toEqual([100, 200, 300])
  })

  test('a good run makes it begin anew', () => {
    const next = nextAfter({ exitCode: 1, ranMs: 5000, retries: 3 }, RESTART)
    expect(next).toEqual({ do: 'restart', delayMs: 100, retries: 1 })
  })

  test.each([
    [0, RESTART, 'stop'],
    [0, { ...RESTART, when: 'always' as const }, 'restart'],
    [0, undefined, 'stop'],
    [2, undefined, 'give-up'],
  ])('exit code %d with %o: %s', (exitCode, restart, expected) => {
    expect(nextAfter({ exitCode, ranMs: 0, retries: 0 }, restart).do).toBe(expected)
  })
})

test('ends come in reverse order, whatever the order of the list', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.subarray(names), { minLength: 5, maxLength: 5 }),
      fc.shuffledSubarray(names, { minLength: 5 }),
      async (wishes, order) => {
        // Only on those before it, so that there is no circle.
        const all = names.map((service, index) => ({
          service,
          waitsFor: (wishes[index] ?? []).filter((other) => names.indexOf(other) < index),
        }))
        const sorted = order.map((name) => all.find((one) => one.service === name) ?? all[0])
        const ended: string[] = []
        await inReverse(sorted as typeof all, async ({ service }) => {
          await Promise.resolve()
          ended.push(service)
        })
        expect(ended.toSorted()).toEqual(names)
        for (const { service, waitsFor } of all) {
          for (const other of waitsFor) {
            expect(ended.indexOf(service)).toBeLessThan(ended.indexOf(other))
          }
        }
      },
    ),
    { numRuns: 50 },
  )
})

describe('lines', () => {
  test('are whole, wherever they were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''))),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
          const seen: string[] = []
          const splitter = new LineSplitter((line) => seen.push(line))
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = cuts[cut % Math.max(1, cuts.length)] ?? 7
            splitter.write(bytes.subarray(at, at + size))
            at += size
          }
          splitter.end()
          expect(seen).toEqual(lines)
        },
      ),
    )
  })

  test('the last one needs no end, and an endless one is cut', () => {
    const seen: string[] = []
    const splitter = new LineSplitter((line) => seen.push(line))
    splitter.write(Buffer.from('a\r\nb'))
    splitter.write(Buffer.alloc(40_000, 'x'))
    splitter.end()
    expect(seen[0]).toBe('a')
    expect(seen.slice(1).join('')).toBe(`b${'x'.repeat(40_000)}`)
    expect(Math.max(...seen.map((line) => line.length))).toBe(16_384)
  })

  test.each([
    ['10%\r20%\rdone', 'done', 'done'],
    ['\u001b[2J\u001b[Hhello', 'hello', 'hello'],
    ['\u001b[31mred\u001b[39m', 'red', '\u001b[31mred\u001b[39m\u001b[0m'],
    ['a\tb\u0007', 'a\tb', 'a\tb'],
  ])('%j move no cursor', (line, plain, colored) => {
    expect(tidyLine(line, false)).toBe(plain)
    expect(tidyLine(line, true)).toBe(colored)
  })

  test('each service has a mark in a colour of its own', () => {
    const prefixes = new Prefixes(colors.createColors(true))
    const [api, web] = [prefixes.of('api'), prefixes.of('web')]
    expect(api).toContain('[api]')
    expect(api.replace('api', 'web')).not.toBe(web)
    expect(prefixes.of('api')).toBe(api)
    expect(new Prefixes(colors.createColors(false)).of('api')).toBe('[api]')
  })
})

describe('the command', () => {
  const at = (port: number): PortReservation =>
    ({ port, host: '127.0.0.1', url: `http://localhost:${port}` }) as PortReservation
  const find = (name: string) => (name === 'db' ? at(5432) : undefined)

  test.each([
    ['node api.js', { command: 'node', args: ['api.js'] }],
    ['node api.js | tee log', { command: 'node api.js | tee log', args: [], shell: true }],
    ['A=1 node api.js', { command: 'A=1 node api.js', args: [], shell: true }],
    ['exit 3', { command: 'exit 3', args: [], shell: true }],
    [
      'serve {port} {db.url} {no.port}',
      { command: 'serve', args: ['3000', 'http://localhost:5432', '{no.port}'] },
    ],
    [['node', 'a b.js', '{host}'], { command: 'node', args: ['a b.js', '127.0.0.1'] }],
    ['ng serve', { command: 'ng', args: ['serve', '--port', '3000'] }],
  ])('%j', (command, expected) => {
    expect(commandOf({ command }, at(3000), find)).toEqual(expected)
  })

  test('knows all services, its own variables, and the programs of its packages', () => {
    const definition = {
      service: 'api',
      directory: '/shop/api',
      command: 'x',
      cwd: undefined,
      env: { DB: 'at {db.host}:{db.port}', API_PORT: 'mine' },
      restart: undefined,
      waitsFor: [],
      health: undefined,
      healthGiven: false,
    }
    const env = environmentOf(definition, at(3000), find, {
      env: { PATH: '/bin', PORT: '1', WEB_PORT: '2', HOME: '/me' },
      variables: { API_PORT: '3000', WEB_PORT: '3001' },
      colors: true,
    })
    expect(env).toMatchObject({
      PORT: '3000',
      WEB_PORT: '3001',
      API_PORT: 'mine',
      DB: 'at 127.0.0.1:5432',
      HOME: '/me',
      FORCE_COLOR: '1',
      UNPLUGIN_PORTS_SERVICE: 'api',
      PATH: '/shop/api/node_modules/.bin:/shop/node_modules/.bin:/node_modules/.bin:/bin',
    })
  })
})

describe('dependencies', () => {
  const check = (services: Record<string, string[]>) => () =>
    resolveOptions({
      services: Object.fromEntries(
        Object.entries(services).map(([name, dependsOn]) => [
          name,
          dependsOn.length > 0 ? { dependsOn } : {},
        ]),
      ),
    })

  test.each<[Record<string, string[]>, string | undefined]>([
    [{ api: ['db'], db: [] }, undefined],
    [{ api: ['dev'] }, undefined],
    [{ api: ['bd'], db: [] }, 'services.api.dependsOn: "bd" is no service. Known: api, db.'],
    [
      { api: ['api'] },
      'services.api.dependsOn: a circle, "api" -> "api": none of them could start first.',
    ],
    [
      { web: ['api'], api: ['db'], db: ['api'] },
      'services.api.dependsOn: a circle, "api" -> "db" -> "api": none of them could start first.',
    ],
  ])('%j', (services, problem) => {
    if (problem === undefined) expect(check(services)).not.toThrow()
    else expect(check(services)).toThrow(problem)
  })
})

describe('signals', () => {
  function fake(): SignalledProcess & { sent: string[]; send(signal: NodeJS.Signals): void } {
    const listeners = new Map<string, (() => void)[]>()
    const of = (signal: string): (() => void)[] => listeners.get(signal) ?? []
    const sent: string[] = []
    return {
      pid: 1,
      sent,
      on: (signal, listener) => listeners.set(signal, [...of(signal), listener]),
      prependListener: (signal, listener) => listeners.set(signal, [listener, ...of(signal)]),
      off: (signal, listener) =>
        listeners.set(
          signal,
          of(signal).filter((one) => one !== listener),
        ),
      listeners: (signal) => of(signal),
      removeAllListeners: (signal) => listeners.delete(signal),
      kill: (_pid, signal) => sent.push(signal),
      send: (signal) => {
        for (const listener of of(signal)) listener()
      },
    }
  }

  test('the signal does its work when everything has ended', async () => {
    const source = fake()
    const order: string[] = []
    endOnSignals(source, async () => void order.push('end'))
    source.send('SIGINT')
    expect(source.sent).toEqual([])
    await until(() => source.sent.length > 0)
    expect([...order, ...source.sent]).toEqual(['end', 'SIGINT'])
    expect(source.listeners('SIGTERM')).toEqual([])
  })

  test('and at once when it comes again', () => {
    const source = fake()
    endOnSignals(source, () => new Promise(() => {}))
    source.send('SIGINT')
    source.send('SIGINT')
    expect(source.sent).toEqual(['SIGINT'])
  })

  test('a listener of the program’s own decides', async () => {
    const source = fake()
    source.on('SIGTERM', () => {})
    let ended = false
    endOnSignals(source, async () => {
      ended = true
    })
    source.send('SIGTERM')
    await delay(0)
    expect([ended, source.sent]).toEqual([true, []])
  })

  test('one that waits for everybody else to do it decides nothing', async () => {
    const source = fake()
    source.on('SIGINT', () => {})
    source.on('SIGTERM', () => {})
    const yields = (): boolean => true
    endOnSignals(source, async () => {}, yields)
    source.send('SIGTERM')
    source.send('SIGINT')
    await until(() => source.sent.length > 0)
    expect([source.sent, source.listeners('SIGINT')]).toEqual([['SIGINT'], []])
  })

  test('those of signal-exit decide nothing, nor do other sessions’', async () => {
    const source = fake()
    Object.assign(source, { [Symbol.for('signal-exit emitter')]: { count: 1 } })
    source.on('SIGTERM', () => {})
    endOnSignals(source, () => new Promise(() => {}))
    endOnSignals(source, async () => {})
    source.send('SIGTERM')
    await until(() => source.sent.length > 0)
    expect(source.sent).toEqual(['SIGTERM'])
  })
})

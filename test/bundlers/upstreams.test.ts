import dns from 'node:dns'
import { describe, expect, test } from 'vitest'
import type { Options, ServiceOptions } from '../../src/types.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { dnsServer } from '../_utils/dns-server.ts'
import { answer, echo } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { upstream } from '../_utils/upstream.ts'
import { HOSTS, type Start, startVite } from './_in-process.ts'

interface Case {
  readonly url: string
  /** The ports of `api` and its further instances. */
  readonly ports: readonly number[]
  readonly lines: readonly string[]
  readonly root: string
}

/** A dev server with an `api` of these options, and `work` with its URL. */
async function withApi(
  service: (ports: readonly number[]) => ServiceOptions,
  work: (given: Case) => Promise<void>,
  start?: Start,
): Promise<void> {
  const [dev, last] = await freeRange(5)
  const ports = [dev + 1, dev + 2, dev + 3, last]
  using root = tempRoot()
  root.write({
    'main.js': 'export {}',
    'index.html': '<script type="module" src="/main.js"></script>',
  })
  const lines: string[] = []
  const options: Options = {
    summary: false,
    services: {
      dev,
      // The servers are this test's own, in no checkout.
      api: { preferred: ports[0] as number, proxy: '/api', identity: 'off', ...service(ports) },
    },
  }
  const running = await (start ? start(root.dir, options) : startVite(root.dir, lines, options))
  try {
    await work({ url: `http://localhost:${running.port}/api/x`, ports, lines, root: root.dir })
  } finally {
    await running.close()
  }
}

/** Who answers, by the header. */
async function server(url: string): Promise<string | string[] | undefined> {
  const { status, headers } = await answer(url)
  return status === 200 ? headers['x-ports-upstream'] : `status ${status}`
}

describe.each(Object.entries(HOSTS))('%s', (_, start) => {
  test('staging stands in for a local server, and steps back when that returns', async () => {
    await using staging = await upstream('staging')
    const place = `http://localhost:${staging.port}`
    await withApi(
      () => ({ upstreams: ['service', place] }),
      async ({ url, ports: [own] }) => {
        expect(await server(url)).toBe(place)
        expect(await echo(url, 'a')).toBe('staging: a')
        const { headers } = staging.requests.find(({ url }) => url === '/api/x') ?? {}
        expect(headers?.host).toBe(`localhost:${staging.port}`)
        {
          await using _local = await upstream('local', { port: own as number })
          await until(async () => (await server(url)) === 'api')
          expect(await echo(url, 'b')).toBe('local: b')
        }
        await until(async () => (await server(url)) === place)
        const { headers: redirect } = await answer(`${url}?to=${place}/api/y`)
        expect(redirect.location).toBe('/api/y')
        expect(redirect['set-cookie']).toEqual(['session=1; Domain=example.test; Secure'])
      },
      start,
    )
  })

  test('requests are spread over the instances that answer', async () => {
    await withApi(
      (ports) => ({ count: 3, range: [ports[0] as number, ports[2] as number] }),
      async ({ url, ports }) => {
        await using _first = await upstream('one', { port: ports[0] as number })
        await using _third = await upstream('three', { port: ports[2] as number })
        await until(async () => (await server(url)) === 'api-3')
        const round = [await server(url), await server(url), await server(url)]
        expect(round).toEqual(['api', 'api-3', 'api'])
        {
          await using _second = await upstream('two', { port: ports[1] as number })
          await until(async () => (await server(url)) === 'api-2')
          const socket = await Promise.all([1, 2, 3].map(() => echo(url, 'x')))
          expect(new Set(socket)).toEqual(new Set(['one: x', 'two: x', 'three: x']))
        }
        await until(async () => {
          const seen = new Set([await server(url), await server(url), await server(url)])
          return seen.size === 2 && !seen.has('api-2')
        })
      },
      start,
    )
  })
})

describe('upstreams', () => {
  test('may be edited while the server runs', async () => {
    await using first = await upstream('first')
    await using second = await upstream('second')
    const placeOf = (port: number): string => `http://localhost:${port}`
    const [dev, own] = await freeRange(2)
    using root = tempRoot()
    const config = (...upstreams: string[]): string => {
      const api = { preferred: own, proxy: '/api', identity: 'off', upstreams }
      return JSON.stringify({ summary: false, services: { dev, api } })
    }
    root.write({ 'index.html': '', 'ports.config.json': config('service', placeOf(first.port)) })
    const running = await startVite(root.dir, [], {})
    try {
      const url = `http://localhost:${running.port}/api/x`
      expect(await server(url)).toBe(placeOf(first.port))
      root.write({ 'ports.config.json': config('service', placeOf(second.port)) })
      await until(async () => (await server(url)) === placeOf(second.port), 20_000)
      expect(await echo(url, 'a')).toBe('second: a')
      // Without any there is nobody but the service itself.
      root.write({ 'ports.config.json': config('service') })
      await until(async () => (await server(url)) === 'status 502', 20_000)
      root.write({ 'ports.config.json': config(placeOf(first.port)) })
      await until(async () => (await server(url)) === placeOf(first.port), 20_000)
    } finally {
      await running.close()
    }
  })

  test('over TLS are asked by their own name, and their certificates are checked', async () => {
    const tls = await selfSigned()
    await using staging = await upstream('staging', { tls })
    const place = `https://user:secret@localhost:${staging.port}/base`
    const insecure = { '/api': { secure: false } }
    await withApi(
      () => ({ upstreams: [place], proxy: insecure }),
      async ({ url }) => {
        expect(await server(url)).toBe(`https://localhost:${staging.port}/base`)
        expect(await echo(url, 'a')).toBe('staging: a')
        expect(new Set(staging.serverNames)).toEqual(new Set(['localhost']))
        const asked = staging.requests.findLast(({ url }) => url === '/base/api/x')
        const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`
        expect(asked?.headers).toMatchObject({ host: `localhost:${staging.port}`, authorization })
      },
    )
    await withApi(
      () => ({ upstreams: ['service', place] }),
      async ({ url, lines }) => {
        const { status, text } = await answer(url)
        expect(status).toBe(502)
        expect(text).toMatch(/tried +api: nobody listens/)
        expect(text).toMatch(/tried +https:\/\/localhost:\d+\/base: .*self[- ]signed/)
        expect(text + lines.join('\n')).not.toContain('secret')
      },
    )
  })

  test('that hang, answer wrongly or refuse are passed over', async () => {
    await using hanging = await upstream('hanging')
    await using broken = await upstream('broken')
    await using good = await upstream('good')
    const [refused] = await freeRange(1)
    const upstreams = [refused, hanging.port, broken.port, good.port].map(
      (port) => `http://localhost:${port}`,
    )
    hanging.hangs = true
    broken.status = 503
    await withApi(
      () => ({ upstreams, health: { timeoutMs: 300 } }),
      async ({ url, lines }) => {
        expect(await server(url)).toBe(upstreams[3])
        const said = lines.filter((line) => line.includes('requests for "api" go to'))
        expect(said).toHaveLength(1)
        expect(said[0]).toContain(`${upstreams[1]}: no answer within 300 ms`)
        expect(said[0]).toContain(`${upstreams[2]}: answers with status 503`)
        broken.status = 200
        await until(async () => (await server(url)) === upstreams[2])
        hanging.hangs = false
        await until(async () => (await server(url)) === upstreams[1])
      },
    )
  })

  test('by name are found in DNS, and services by their SRV records', async () => {
    await using one = await upstream('one', { host: '127.0.0.1' })
    await using two = await upstream('two', { host: '127.0.0.1' })
    const record = (port: number, priority: number) => ({
      name: 'node.example.test',
      port,
      priority,
      weight: 1,
    })
    await using names = await dnsServer({
      'node.example.test': { a: ['127.0.0.1'] },
      '_api._tcp.example.test': { srv: [record(two.port, 20), record(one.port, 10)] },
    })
    const before = dns.getServers()
    dns.setServers([names.address])
    try {
      await withApi(
        () => ({ upstreams: ['srv:_api._tcp.example.test'] }),
        async ({ url }) => {
          expect(await server(url)).toBe(`http://node.example.test:${one.port}`)
          expect(await echo(url, 'a')).toBe('one: a')
          expect(one.requests.at(-1)?.headers.host).toBe(`node.example.test:${one.port}`)
          await one[Symbol.asyncDispose]()
          await until(async () => (await server(url)) === `http://node.example.test:${two.port}`)
          // Two families of one name, and the service, once each.
          expect(names.asked.filter((question) => question.startsWith('A '))).toHaveLength(1)
          expect(names.asked.filter((question) => question.startsWith('SRV '))).toHaveLength(1)
        },
      )
    } finally {
      dns.setServers(before)
    }
  })

  test('balance and weights decide who gets a request', async () => {
    const counted = (options: ServiceOptions) => (ports: readonly number[]) => ({
      count: 2,
      range: [ports[0] as number, ports[1] as number] as const,
      ...options,
    })
    const who = async (url: string, times: number): Promise<Set<unknown>> => {
      const seen = new Set<unknown>()
      for (let time = 0; time < times; time++) seen.add(await server(url))
      return seen
    }
    for (const options of [
      { balance: 'priority' },
      { balance: 'random', weights: [1, 0] },
    ] as const) {
      await withApi(counted(options), async ({ url, ports: [first, second] }) => {
        await using _second = await upstream('two', { port: second as number })
        expect(await server(url)).toBe('api-2')
        await using _first = await upstream('one', { port: first as number })
        await until(async () => (await server(url)) === 'api')
        expect(await who(url, 5)).toEqual(new Set(['api']))
      })
    }
  })

  test('health() tells which one serves', async () => {
    await using staging = await upstream('staging')
    const place = `http://localhost:${staging.port}`
    await withApi(
      () => ({ upstreams: ['service', place] }),
      async ({ url, root }) => {
        expect(await server(url)).toBe(place)
        const { health } = await import('../../src/api.ts')
        await until(() => health(root).some(({ servedBy }) => servedBy === place))
      },
    )
  })
})

import { promises } from 'node:dns'
import { expect, test } from 'vitest'
import {
  DnsCache,
  type DnsQuestions,
  LOOKUP_TTL_MS,
  SRV_TTL_MS,
} from '../../src/net/dns/dns-cache.ts'
import { type DnsServer, dnsServer } from '../_utils/dns-server.ts'

/** A cache that asks `server`, with a clock of its own. */
function cacheOf(server: DnsServer, lookup: DnsQuestions['lookup'] = promises.lookup) {
  // One for each question: in Node 20.19 a resolver keeps answers by itself, by the real clock.
  const resolver = (): promises.Resolver => {
    const one = new promises.Resolver({ timeout: 200, tries: 1 })
    one.setServers([server.address])
    return one
  }
  const clock = { now: 0 }
  const questions: DnsQuestions = {
    resolve4: (name, options) => resolver().resolve4(name, options),
    resolve6: (name, options) => resolver().resolve6(name, options),
    resolveSrv: (name) => resolver().resolveSrv(name),
    lookup,
  }
  const cache = new DnsCache({ questions: async () => questions, now: () => clock.now })
  return { cache, clock }
}

test('addresses are good for as long as DNS says', async () => {
  await using server = await dnsServer({
    'api.example.test': {
      a: ['192.0.2.1'],
      aaaa: ['2001:0db8:0000:0000:0000:0000:0000:0001'],
      ttl: 30,
    },
  })
  const { cache, clock } = cacheOf(server)
  const both = ['192.0.2.1', '2001:db8::1']
  expect(await cache.addresses('api.example.test')).toEqual(both)
  expect(server.asked.toSorted()).toEqual(['A api.example.test', 'AAAA api.example.test'])

  clock.now = 29_999
  // Not even a promise: it is right there.
  expect(cache.addresses('API.example.test')).toEqual(both)
  server.zone['api.example.test'] = { a: ['192.0.2.2'], ttl: 30 }
  clock.now = 30_000
  expect(await cache.addresses('api.example.test')).toEqual(['192.0.2.2'])
  expect(server.asked).toHaveLength(4)
})

test('one question serves all who wait for it', async () => {
  await using server = await dnsServer({ 'one.example.test': { a: ['192.0.2.1'] } })
  const { cache } = cacheOf(server)
  await Promise.all([1, 2, 3].map(() => cache.addresses('one.example.test')))
  expect(server.asked).toHaveLength(2)
})

test('localhost and literals are never looked up', async () => {
  await using server = await dnsServer({})
  const { cache } = cacheOf(server)
  for (const name of ['localhost', 'app.localhost', '127.0.0.1', '::1']) {
    expect(cache.addresses(name)).toEqual([name])
  }
  expect(cache.addresses('[::1]')).toEqual(['::1'])
  expect(server.asked).toEqual([])
})

test('a name that only the system knows is looked up there, for a while', async () => {
  await using server = await dnsServer({})
  const looked: string[] = []
  const { cache, clock } = cacheOf(server, async (name) => {
    looked.push(name)
    return [{ address: '192.0.2.9', family: 4 }]
  })
  expect(await cache.addresses('printer.example.test')).toEqual(['192.0.2.9'])
  clock.now = LOOKUP_TTL_MS - 1
  expect(cache.addresses('printer.example.test')).toEqual(['192.0.2.9'])
  clock.now = LOOKUP_TTL_MS
  await cache.addresses('printer.example.test')
  expect(looked).toEqual(['printer.example.test', 'printer.example.test'])
})

test('the last answer goes on while nobody answers, and failures are not asked for again at once', async () => {
  await using server = await dnsServer({ 'api.example.test': { a: ['192.0.2.1'], ttl: 1 } })
  const failing = async (): Promise<never> => {
    throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
  }
  const { cache, clock } = cacheOf(server, failing)
  await cache.addresses('api.example.test')
  server.silent = true
  clock.now = 2000
  expect(await cache.addresses('api.example.test')).toEqual(['192.0.2.1'])
  expect(cache.addresses('api.example.test')).toEqual(['192.0.2.1'])

  server.silent = false
  const gone = cache.addresses('gone.example.test')
  await expect(gone).rejects.toMatchObject({ code: 'ENOTFOUND' })
  const asked = server.asked.length
  await expect(cache.addresses('gone.example.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  expect(server.asked).toHaveLength(asked)
  server.zone['gone.example.test'] = { a: ['192.0.2.3'] }
  clock.now += 60_000
  expect(await cache.addresses('gone.example.test')).toEqual(['192.0.2.3'])
})

test('services have their servers, or say that there are none', async () => {
  const srv = [
    { name: 'a.example.test', port: 8001, priority: 10, weight: 60 },
    { name: 'b.example.test', port: 8002, priority: 20, weight: 0 },
  ]
  await using server = await dnsServer({
    '_api._tcp.example.test': { srv },
    '_none._tcp.example.test': { srv: [{ name: '', port: 0, priority: 0, weight: 0 }] },
  })
  const { cache, clock } = cacheOf(server)
  const found = await cache.servers('_api._tcp.example.test')
  expect(found.toSorted((a, b) => a.port - b.port)).toMatchObject(srv)
  clock.now = SRV_TTL_MS - 1
  expect(cache.servers('_api._tcp.example.test')).toEqual(found)
  expect(await cache.servers('_none._tcp.example.test')).toEqual([])
  await expect(cache.servers('_gone._tcp.example.test')).rejects.toMatchObject({
    code: 'ENOTFOUND',
  })
})

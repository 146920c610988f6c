import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RequestFacts } from '../../src/status/facts.ts'
import { judge, judgeAction } from '../../src/status/guard.ts'
import { decide } from '../../src/status/routes.ts'

const facts = (more: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  path: '/status.json',
  query: new URLSearchParams(),
  host: 'localhost:5173',
  peer: '127.0.0.1',
  forwarded: false,
  origin: undefined,
  referer: undefined,
  site: undefined,
  mode: undefined,
  destination: undefined,
  contentType: undefined,
  token: undefined,
  ...more,
})

const reader = (more: Partial<RequestFacts>, allowed: readonly string[] = [], isPage = false) => {
  const verdict = judge(facts(more), allowed, isPage)
  return verdict.ok ? verdict.reader : 'refused'
}

describe('names', () => {
  test.each([
    'localhost',
    'localhost:5173',
    'LOCALHOST:5173',
    'shop.localhost:5173',
    '127.0.0.1:5173',
    '[::1]:5173',
  ])('%s is this machine', (host) => expect(reader({ host })).toBe('local'))

  test.each(['192.168.1.5:5173', '[fe80::1]:5173', '0.0.0.0:5173'])(
    '%s is an address, and not one of this machine alone',
    (host) => expect(reader({ host })).toBe('remote'),
  )

  test.each([
    'evil.test',
    'evil.test:5173',
    'localhost.evil.test',
    'evillocalhost',
    '127.0.0.1.evil.test',
    'localhost@evil.test',
    'evil.test/localhost',
    'evil.test#localhost',
    'localhost:5173, evil.test',
    '',
    undefined,
  ])('%s is refused', (host) => expect(reader({ host })).toBe('refused'))

  test('names that the server allows are read, not acted from', () => {
    expect(reader({ host: 'shop.test' }, ['shop.test'])).toBe('remote')
    expect(reader({ host: 'a.shop.test' }, ['shop.test'])).toBe('refused')
    expect(reader({ host: 'a.shop.test' }, ['.shop.test'])).toBe('remote')
    expect(reader({ host: 'shop.test' }, ['.shop.test'])).toBe('remote')
    expect(reader({ host: 'evilshop.test' }, ['.shop.test'])).toBe('refused')
  })
})

describe('who asks', () => {
  test.each(['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])('%s is here', (peer) =>
    expect(reader({ peer })).toBe('local'),
  )
  test.each(['192.168.1.7', '::ffff:10.0.0.1', 'fe80::1', undefined])('%s is not', (peer) =>
    expect(reader({ peer })).toBe('remote'),
  )
  test('what a tunnel passes on is not', () => expect(reader({ forwarded: true })).toBe('remote'))
})

describe('other sites', () => {
  test.each<Partial<RequestFacts>>([
    { origin: 'http://evil.test' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { origin: 'http://localhost:5173.evil.test' },
    { site: 'cross-site' },
    { site: 'same-site' },
    { site: 'same-site', mode: 'navigate', destination: 'document' },
    { site: 'cross-site', mode: 'no-cors', destination: 'script' },
    { referer: 'http://evil.test/' },
  ])('%o gets no data', (more) => expect(reader(more)).toBe('refused'))

  test.each<Partial<RequestFacts>>([
    { origin: 'http://localhost:5173' },
    { origin: 'https://localhost:5173' },
    { site: 'same-origin', origin: 'http://localhost:5173' },
    { site: 'none', mode: 'navigate', destination: 'document' },
    { referer: 'http://localhost:5173/app' },
  ])('%o is our own', (more) => expect(reader(more)).toBe('local'))

  test("another server's link on this machine opens the page, and a foreign one's does not", () => {
    const link = { mode: 'navigate', destination: 'document' }
    expect(reader({ ...link, site: 'same-site' }, [], true)).toBe('local')
    expect(reader({ ...link, site: 'cross-site' }, [], true)).toBe('refused')
    expect(reader({ ...link, site: 'same-site', destination: 'iframe' }, [], true)).toBe('refused')
    expect(reader({ site: 'same-site', mode: 'cors', destination: 'empty' }, [], true)).toBe(
      'refused',
    )
  })

  test('whatever a foreign name or origin comes with, nothing is told', () => {
    const name = fc.domain().filter((name) => !name.endsWith('localhost'))
    const rest = fc.record({
      peer: fc.constantFrom('127.0.0.1', '::1', '10.0.0.9'),
      site: fc.constantFrom(undefined, 'none', 'same-origin'),
      mode: fc.constantFrom(undefined, 'navigate', 'cors'),
      path: fc.constantFrom('/', '', '/status.json', '/identity.json', '/events', '/metrics'),
      token: fc.string(),
    })
    fc.assert(
      fc.property(name, rest, (domain, more) => {
        for (const forged of [{ host: domain }, { origin: `http://${domain}` }]) {
          const decision = decide(facts({ ...more, ...forged }), [], () => true)
          expect('answer' in decision && decision.answer.status).toBe(403)
        }
      }),
    )
  })
})

describe('actions', () => {
  const act: Partial<RequestFacts> = {
    method: 'POST',
    path: '/actions/release',
    origin: 'http://localhost:5173',
    contentType: 'application/json',
    token: 'secret',
  }
  const isToken = (text: string): boolean => text === 'secret'

  test('the page may', () => {
    expect(judgeAction(facts(act), 'local', isToken).ok).toBe(true)
    expect(decide(facts(act), [], isToken)).toEqual({
      route: { to: 'action', action: 'release' },
      reader: 'local',
    })
  })

  test.each<Partial<RequestFacts>>([
    { token: undefined },
    { token: 'guessed' },
    { origin: undefined },
    { contentType: 'text/plain' },
    { contentType: undefined },
    { peer: '10.0.0.9' },
    { host: '192.168.1.5', origin: 'http://192.168.1.5' },
    { forwarded: true },
    { origin: 'http://localhost:3000' },
    { site: 'same-site' },
  ])('%o may not', (more) => {
    const decision = decide(facts({ ...act, ...more }), [], isToken)
    expect('answer' in decision && decision.answer.status).toBe(403)
  })

  test.each([
    ['GET', '/actions/move', 'POST'],
    ['POST', '/status.json', 'GET, HEAD'],
    ['OPTIONS', '/status.json', 'GET, HEAD'],
    ['HEAD', '/events', 'GET'],
  ])('%s %s is not allowed', (method, path, allow) => {
    const decision = decide(facts({ method, path }), [], isToken)
    expect('answer' in decision && decision.answer).toMatchObject({
      status: 405,
      headers: { Allow: allow },
    })
  })
})

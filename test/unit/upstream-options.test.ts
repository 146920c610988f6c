import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { parseUpstream } from '../../src/options/upstreams.ts'
import type { ServiceOptions } from '../../src/types.ts'

function problemOf(service: object): string {
  try {
    resolveOptions({ services: { api: service as ServiceOptions } })
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

test.each([
  ['service', { kind: 'service' }],
  ['https://staging.example.com', { kind: 'url', url: 'https://staging.example.com' }],
  ['HTTP://a:b@[::1]:8080/base', { kind: 'url', url: 'HTTP://a:b@[::1]:8080/base' }],
  ['srv:_api._tcp.example.internal', srv(false)],
  ['srv+https:_api._tcp.example.internal', srv(true)],
  ['services', undefined],
  ['srv:', undefined],
  ['srv:a:80', undefined],
  ['ftp://example.com', undefined],
  ['https://example.com/?a', undefined],
  ['staging.example.com', undefined],
])('%s', (text, meaning) => {
  expect(parseUpstream(text)).toEqual(meaning)
})

function srv(secure: boolean) {
  return { kind: 'srv', name: '_api._tcp.example.internal', secure }
}

test('each place counts once, in the order written', () => {
  const upstreams = ['https://a.example', 'service', 'https://a.example']
  const [service] = resolveOptions({ services: { api: { proxy: '/api', upstreams } } }).services
  expect(service?.upstreams).toEqual([
    { kind: 'url', url: 'https://a.example' },
    { kind: 'service' },
  ])
})

describe('what can not be', () => {
  test.each([
    [{ upstreams: ['service'] }, 'services.api.upstreams: nothing is forwarded to this service'],
    [{ proxy: '/api', upstreams: [] }, 'services.api.upstreams: an empty list'],
    [{ proxy: '/api', upstreams: 'service' }, 'services.api.upstreams: "service" is no list'],
    [{ proxy: '/api', upstreams: ['stage'] }, 'services.api.upstreams[0]: "stage" is no upstream'],
    [{ balance: 'fair' }, 'services.api.balance: "fair" is no balance'],
    [{ count: 2, weights: [1, 2] }, 'services.api.weights: only a random choice has weights'],
    [{ count: 2, balance: 'random', weights: [1, 2, 3] }, 'services.api.weights: [ 1, 2, 3 ] are'],
    [{ count: 2, balance: 'random', weights: [0, 0] }, 'services.api.weights: [ 0, 0 ] are no'],
    [{ count: 2, balance: 'random', weights: [-1, 2] }, 'services.api.weights: [ -1, 2 ] are no'],
  ])('%j', (service, problem) => {
    expect(problemOf(service)).toContain(problem)
  })

  test('credentials are not printed', () => {
    const upstreams = ['ftp://user:secret@example.com']
    const problem = problemOf({ proxy: '/api', upstreams })
    expect(problem).toContain('ftp://***@example.com')
    expect(problem).not.toContain('secret')
  })
})

import { describe, expect, test } from 'vitest'
import { hopOf, markAnswer, ownLocation, prepareRequest } from '../../src/bundlers/proxy-hop.ts'
import { remoteOf, targetOf, upstreamName } from '../../src/session/proxy/target.ts'

const staging = new URL('https://user:p%40ss@staging.example.com/base/')

test('a target names the host and connects to an address', () => {
  expect(targetOf(staging, '192.0.2.1')).toMatchObject({
    protocol: 'https:',
    host: 'staging.example.com',
    hostname: '192.0.2.1',
    port: 443,
    pathname: '/base',
    href: 'https://staging.example.com/base',
  })
  expect(targetOf(new URL('http://[::1]:8080'))).toMatchObject({
    host: '[::1]:8080',
    hostname: '::1',
    port: 8080,
    pathname: '/',
  })
  expect(targetOf(new URL('http://example.com')).port).toBe(80)
})

test('credentials go into a header, and into no name', () => {
  expect(remoteOf(staging)).toEqual({
    host: 'staging.example.com',
    origin: 'https://staging.example.com',
    base: '/base',
    authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
  })
  expect(upstreamName(staging)).toBe('https://staging.example.com/base')
  expect(JSON.stringify(targetOf(staging))).not.toContain('p%40ss')
})

test('a request is told what its upstream wants, and keeps its own authorization', () => {
  const hop = { target: targetOf(staging), name: 'staging', remote: remoteOf(staging) }
  const request = { headers: { host: 'localhost:5173' } as Record<string, string> }
  prepareRequest(request, hop)
  expect(request.headers).toMatchObject({
    host: 'staging.example.com',
    authorization: expect.stringMatching(/^Basic /),
  })
  expect(hopOf(request)).toBe(hop)
  const signedIn = { headers: { host: 'localhost', authorization: 'Bearer x' } }
  prepareRequest(signedIn, hop)
  expect(signedIn.headers.authorization).toBe('Bearer x')
})

test('an answer says who gave it, and those of a single place say nothing', () => {
  const hop = { target: targetOf(staging), name: 'staging', remote: remoteOf(staging) }
  const request = { headers: {} }
  prepareRequest(request, hop)
  const answer = { headers: { location: 'https://staging.example.com/base/login' } }
  markAnswer(answer, request)
  expect(answer.headers).toEqual({ location: '/login', 'x-ports-upstream': 'staging' })

  const plain = { headers: { host: 'localhost:5173' } }
  prepareRequest(plain, { target: targetOf(new URL('http://localhost:3000')) })
  const untouched = { headers: { location: 'http://localhost:3000/x' } }
  markAnswer(untouched, plain)
  expect(plain.headers).toEqual({ host: 'localhost:5173' })
  expect(untouched.headers).toEqual({ location: 'http://localhost:3000/x' })
})

describe('redirects of an upstream', () => {
  const remote = { origin: 'https://staging.example.com', base: '/base' }
  test.each([
    ['https://staging.example.com/base/api/x?q#h', '/api/x?q#h'],
    ['https://staging.example.com/base', '/'],
    ['https://staging.example.com/based', '/based'],
    ['https://staging.example.com/other', '/other'],
    ['/base/api', '/api'],
    ['/other', '/other'],
    ['//staging.example.com/base/x', '/x'],
    ['https://staging.example.com/base//evil.example', '/evil.example'],
    ['https://login.example.com/base/x', 'https://login.example.com/base/x'],
    ['http://staging.example.com/base/x', 'http://staging.example.com/base/x'],
    ['next', 'next'],
    ['http://[', 'http://['],
  ])('%s', (location, own) => {
    expect(ownLocation(location, remote)).toBe(own)
  })
})

import { describe, expect, test } from 'vitest'
import {
  addressesToCheck,
  LOOKUP_TIMEOUT_MS,
  resolveBindAddress,
  urlHostname,
} from '../../src/net/addresses.ts'

const names =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address })))

describe('the address that a host option means', () => {
  test.each([
    [true, { host: undefined, address: undefined }],
    ['0.0.0.0', { host: '0.0.0.0', address: '0.0.0.0' }],
    ['::', { host: '::', address: '::' }],
    ['[::1]', { host: '::1', address: '::1' }],
    ['192.168.1.5', { host: '192.168.1.5', address: '192.168.1.5' }],
  ])('%s', async (host, expected) => {
    expect(await resolveBindAddress(host, () => Promise.reject(new Error('no lookup')))).toEqual(
      expected,
    )
  })

  test('names are looked up, in the order of the resolver, without link-local addresses', async () => {
    expect(await resolveBindAddress(undefined, names('::1', '127.0.0.1'))).toEqual({
      host: 'localhost',
      address: '::1',
    })
    expect(await resolveBindAddress(false, names('127.0.0.1'))).toEqual({
      host: 'localhost',
      address: '127.0.0.1',
    })
    expect(await resolveBindAddress('dev.box', names('fe80::1', '10.0.0.2'))).toEqual({
      host: 'dev.box',
      address: '10.0.0.2',
    })
  })

  test('localhost is loopback even without a resolver; other names are not guessed', async () => {
    const broken = () => Promise.reject(new Error('EAI_AGAIN'))
    expect(await resolveBindAddress('localhost', broken)).toEqual({
      host: 'localhost',
      address: '127.0.0.1',
    })
    expect(await resolveBindAddress('dev.box', broken)).toBeUndefined()
  })

  test('a lookup that hangs is given up', async () => {
    const before = performance.now()
    expect(await resolveBindAddress('dev.box', () => new Promise(() => {}))).toBeUndefined()
    expect(performance.now() - before).toBeGreaterThanOrEqual(LOOKUP_TIMEOUT_MS - 50)
  })
})

describe('addresses besides the bound one that must be free too', () => {
  const bound = (address: string | undefined) => ({ host: address, address })
  const linux = { platform: 'linux', ipv6: true } as const
  test.each([
    ['127.0.0.1', ['::1']],
    ['::1', ['127.0.0.1']],
    ['0.0.0.0', ['::1']],
    ['::', []],
    [undefined, []],
    ['192.168.1.5', ['127.0.0.1', '::1']],
  ])('on Linux, bound to %s', (address, expected) => {
    expect(addressesToCheck(bound(address), linux)).toEqual(expected)
  })

  test('without IPv6 there is no ::1 to check', () => {
    const machine = { platform: 'linux', ipv6: false } as const
    expect(addressesToCheck(bound('127.0.0.1'), machine)).toEqual([])
    expect(addressesToCheck(bound('0.0.0.0'), machine)).toEqual([])
  })

  test('elsewhere a wildcard listener may stand beside, so it is checked as well', () => {
    for (const platform of ['darwin', 'win32'] as const) {
      expect(addressesToCheck(bound('127.0.0.1'), { platform, ipv6: true })).toEqual([
        '::1',
        '0.0.0.0',
        undefined,
      ])
      expect(addressesToCheck(bound(undefined), { platform, ipv6: true })).toEqual([
        '127.0.0.1',
        '::1',
        '0.0.0.0',
      ])
    }
  })
})

test('URLs name what a person types', () => {
  expect(urlHostname({ host: undefined, address: undefined })).toBe('localhost')
  expect(urlHostname({ host: '0.0.0.0', address: '0.0.0.0' })).toBe('localhost')
  expect(urlHostname({ host: '::1', address: '::1' })).toBe('[::1]')
  expect(urlHostname({ host: 'bücher.test', address: '10.0.0.3' })).toBe('xn--bcher-kva.test')
  expect(urlHostname({ host: 'dev.box', address: '10.0.0.2' })).toBe('dev.box')
})

import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { networkAddresses } from '../../src/net/network-addresses.ts'

const entry = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  netmask: '',
  mac: '',
  cidr: null,
  ...(address.includes(':') ? { family: 'IPv6', scopeid: 0 } : { family: 'IPv4' }),
})

const LAPTOP = {
  lo: [entry('127.0.0.1', true), entry('::1', true)],
  docker0: [entry('172.17.0.1')],
  wlan0: [entry('192.168.1.5'), entry('2001:db8::5'), entry('fe80::1')],
  eth0: [entry('169.254.3.4')],
}
const all = { host: undefined, address: undefined }

test('a server on all interfaces is reached at every address of the network, tunnels last', () => {
  expect(networkAddresses(all, LAPTOP)).toEqual(['192.168.1.5', '172.17.0.1'])
  expect(networkAddresses({ host: '0.0.0.0', address: '0.0.0.0' }, LAPTOP)).toEqual([
    '192.168.1.5',
    '172.17.0.1',
  ])
})

test('where there is only IPv6, that is used; not by a server that binds IPv4', () => {
  const interfaces = { lo: LAPTOP.lo, eth0: [entry('2001:db8::5'), entry('fe80::1')] }
  expect(networkAddresses(all, interfaces)).toEqual(['2001:db8::5'])
  expect(networkAddresses({ host: '0.0.0.0', address: '0.0.0.0' }, interfaces)).toEqual([])
})

test.each(['127.0.0.1', '127.0.0.53', '::1', '::ffff:127.0.0.1'])(
  'nobody else reaches a server on %s',
  (address) => expect(networkAddresses({ host: 'localhost', address }, LAPTOP)).toEqual([]),
)

test('a server on one address is reached there', () => {
  const bound = { host: 'box.local', address: '192.168.1.5' }
  expect(networkAddresses(bound, LAPTOP)).toEqual(['192.168.1.5'])
})

test('a machine without a network reaches nobody', () => {
  expect(networkAddresses(all, { lo: LAPTOP.lo })).toEqual([])
})

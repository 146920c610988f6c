import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listeningPorts } from '../../src/net/owners/listening.ts'
import { freePort, hasIPv6, occupy } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'

const recorded = (name: string): string =>
  readFileSync(join(repo, 'test/fixtures/recorded/owners', name), 'utf8')

test('listeners of both families, and nobody else', async () => {
  const free = await freePort()
  await using four = await occupy('127.0.0.1')
  await using six = await occupy(hasIPv6 ? '::1' : '127.0.0.1')
  const ports = await listeningPorts()
  expect(ports.has(four.port)).toBe(true)
  expect(ports.has(six.port)).toBe(true)
  expect(ports.has(free)).toBe(false)
})

test('macOS: one call of lsof', async () => {
  const calls: string[] = []
  const ports = await listeningPorts({
    platform: 'darwin',
    run: async (file, args) => {
      calls.push([file, ...args].join(' '))
      return recorded('darwin-lsof-listen.txt')
    },
  })
  expect(calls).toEqual(['/usr/sbin/lsof -nPw -iTCP -sTCP:LISTEN -F pn'])
  expect(ports.size).toBeGreaterThan(0)
})

test('Windows: netstat for each family', async () => {
  const calls: string[] = []
  const ports = await listeningPorts({
    platform: 'win32',
    systemRoot: 'C:\\Windows',
    run: async (file, args) => {
      calls.push([file, ...args].join(' '))
      return recorded(
        args.includes('TCPv6') ? 'windows-netstat-tcpv6.txt' : 'windows-netstat-tcp.txt',
      )
    },
  })
  expect(calls).toEqual([
    'C:\\Windows\\System32\\netstat.exe -ano -p TCP',
    'C:\\Windows\\System32\\netstat.exe -ano -p TCPv6',
  ])
  expect(ports.size).toBeGreaterThan(0)
})

test('nothing where the system can not tell', async () => {
  expect(await listeningPorts({ platform: 'aix' })).toEqual(new Set())
  expect(await listeningPorts({ platform: 'darwin', run: async () => undefined })).toEqual(
    new Set(),
  )
  expect(await listeningPorts({ platform: 'linux', procRoot: '/no/such' })).toEqual(new Set())
})

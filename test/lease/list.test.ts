import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPorts } from '../../src/api.ts'
import {
  leasedPorts,
  listLeases,
  listOtherLeases,
  parseLinuxLeases,
  parseOtherLinuxLeases,
} from '../../src/lease/list.ts'
import { processWorld } from '../../src/session/world.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

test('leases of this process and of others, until they end', async () => {
  const { place } = processWorld()
  const [from, to] = await freeRange(4)
  const inside = (port: number): boolean => port >= from && port <= to
  using root = tempRoot()
  await using ports = createPorts({ root: root.dir })
  await ports.reserve({ range: [from, from], label: 'mine' })
  await using child = startNode(
    [
      '--input-type=module',
      '-e',
      `import { reserve } from 'unplugin-ports/api'
       await reserve({ count: 2, range: [${from}, ${to}], label: 'theirs' })
       console.log('has them')
       process.stdin.resume()`,
    ],
    { cwd: repo, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  await child.sees(/has them/)
  const seen = await listLeases(place, inside)
  expect(seen.map(({ port, service, pid }) => ({ port, service, pid }))).toEqual([
    { port: from, service: 'mine', pid: process.pid },
    { port: from + 1, service: 'theirs', pid: child.pid },
    { port: from + 2, service: 'theirs', pid: child.pid },
  ])
  expect([...leasedPorts(place)].filter(inside).toSorted()).toEqual([from, from + 1, from + 2])
  await child.end('SIGKILL')
  await until(() => !leasedPorts(place).has(from + 1))
  await ports.close()
  expect([...leasedPorts(place)].filter(inside)).toEqual([])
})

test('rows of /proc/net/unix: listening leases, padded or not, and nothing else', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '000000002b438a8e: 00000002 00000000 00010000 0001 01 57365475 @unplugin-ports:5173....',
    '000000002b438a8f: 00000002 00000000 00010000 0001 01 57365476 @unplugin-ports:3000',
    // A visitor's connection has the name too, for a moment.
    '000000002b438a90: 00000003 00000000 00000000 0001 03 57365477 @unplugin-ports:4000....',
    '000000002b438a91: 00000002 00000000 00010000 0001 01 57365478 /run/@unplugin-ports:4001',
    '000000002b438a92: 00000002 00000000 00010000 0001 01 57365479 @unplugin-ports:udp:4002..',
    '000000002b438a93: 00000002 00000000 00010000 0001 01 57365480 @other',
  ].join('\n')
  expect(parseLinuxLeases(table)).toEqual([5173, 3000])
})

test('where leases are files, names that a crash left behind are none', () => {
  using temp = tempRoot()
  expect(leasedPorts({ platform: 'darwin', stateDir: temp.dir })).toEqual(new Set())
  mkdirSync(join(temp.dir, 'leases'))
  writeFileSync(join(temp.dir, 'leases', '3000.sock'), '')
  writeFileSync(join(temp.dir, 'leases', 'notes.txt'), '')
  expect(leasedPorts({ platform: 'darwin', stateDir: temp.dir })).toEqual(new Set())
})

test('leases of UDP ports and of paths', async () => {
  using root = tempRoot()
  const { place } = processWorld()
  const [from, to] = await freeRange(4)
  await using ports = createPorts({
    root: root.dir,
    services: {
      dns: { protocol: 'udp', range: [from, to] },
      api: { protocol: 'unix', path: 'api.sock' },
    },
  })
  await ports.allocateAll()
  const mine = (await listOtherLeases(place)).filter((lease) => lease.root === root.dir)
  expect(mine).toMatchObject([
    { service: 'api', protocol: 'unix', path: join(root.dir, 'api.sock'), port: 0 },
    { service: 'dns', protocol: 'udp', port: ports.get('dns')?.port },
  ])
  await ports.close()
  expect((await listOtherLeases(place)).filter((lease) => lease.root === root.dir)).toEqual([])
})

test('of the names of local sockets, those of UDP ports and paths', () => {
  const row = (name: string) => `ffff8880: 00000002 00000000 00010000 0001 01 12345 @${name}`
  const table = ['udp:5353', 'unix:0123456789abcdef', '3000', 'udp:x', 'unix:short']
    .map((name) => row(`unplugin-ports:${name}...`))
    .join('\n')
  expect(parseOtherLinuxLeases(table)).toEqual([
    ['udp', '5353'],
    ['unix', '0123456789abcdef'],
  ])
})

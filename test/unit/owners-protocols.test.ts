import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { collectOwners } from '../../src/net/owners/collect.ts'
import { parseLsofListeners } from '../../src/net/owners/darwin-lsof.ts'
import { searchDarwin, searchDarwinPath } from '../../src/net/owners/darwin.ts'
import { parseListenRows } from '../../src/net/owners/linux-sockets.ts'
import { parseUnixListeners } from '../../src/net/owners/linux-unix.ts'
import { searchLinux, searchLinuxPath } from '../../src/net/owners/linux.ts'
import type { RunTool } from '../../src/net/owners/run-tool.ts'
import { searchWindows } from '../../src/net/owners/windows.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/recorded/owners/${name}`, import.meta.url), 'utf8')

const UDP_TABLE = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  512: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 24461 2 0000000000000000 0
  513: 0100007F:14E9 0100007F:EA60 01 00000000:00000000 00:00000000 00000000  1000        0 24462 2 0000000000000000 0
  514: 0100007F:14EA 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 24463 2 0000000000000000 0
`

test('Linux: bound UDP sockets, and not those connected to one peer', () => {
  expect(parseListenRows(UDP_TABLE, new Set([5353]), 'udp')).toEqual([{ port: 5353, inode: 24461 }])
  expect(parseListenRows(UDP_TABLE, new Set([5353]), 'tcp')).toEqual([])
})

test('Linux: listeners on exactly this path', () => {
  const table = recorded('linux-net-unix.txt')
  expect(parseUnixListeners(table, '/run/user/1000/api.sock')).toEqual([41001])
  expect(parseUnixListeners(table, '/home/ada/Meine Läden/api.sock')).toEqual([41005])
  expect(parseUnixListeners(table, '/dev/log')).toEqual([])
  expect(parseUnixListeners(table, '')).toEqual([])
})

test('Linux: the processes behind them', async () => {
  const procRoot = mkdtempSync(join(tmpdir(), 'ports-proc-'))
  onTestFinished(() => rmSync(procRoot, { recursive: true, force: true }))
  mkdirSync(join(procRoot, 'net'))
  writeFileSync(join(procRoot, 'net/udp'), UDP_TABLE)
  writeFileSync(join(procRoot, 'net/unix'), recorded('linux-net-unix.txt'))
  mkdirSync(join(procRoot, '77/fd'), { recursive: true })
  writeFileSync(join(procRoot, '77/stat'), `77 (dnsd) S${' 1'.repeat(30)}`)
  writeFileSync(join(procRoot, '77/cmdline'), ['dnsd', '--port', '5353', ''].join('\0'))
  symlinkSync('socket:[24461]', join(procRoot, '77/fd/5'))
  symlinkSync('socket:[41001]', join(procRoot, '77/fd/6'))
  const ports = await collectOwners(
    (...rest) => searchLinux(...rest, { procRoot, ownPid: 77, protocol: 'udp' }),
    new Set([5353]),
    5000,
  )
  expect(ports.get(5353)).toMatchObject([{ port: 5353, pid: 77, command: 'dnsd --port 5353' }])
  const paths = await collectOwners(
    (...rest) => searchLinuxPath(...rest, { procRoot, ownPid: 77 }),
    '/run/user/1000/api.sock',
    5000,
  )
  expect(paths.get(0)).toMatchObject([{ port: 0, pid: 77 }])
})

test('Linux: a search needs few turns of an event loop that is busy', async () => {
  const procRoot = mkdtempSync(join(tmpdir(), 'ports-proc-'))
  onTestFinished(() => rmSync(procRoot, { recursive: true, force: true }))
  mkdirSync(join(procRoot, 'net'))
  writeFileSync(join(procRoot, 'net/udp'), UDP_TABLE)
  const links = 3000
  for (let pid = 1; pid <= 100; pid++) {
    mkdirSync(join(procRoot, `${pid}/fd`), { recursive: true })
    for (let fd = 0; fd < links / 100; fd++) {
      symlinkSync(`socket:[${fd}]`, join(procRoot, `${pid}/fd/${fd}`))
    }
  }
  let turns = 0
  let over = false
  const compile = (): void => {
    turns++
    const end = performance.now() + 1
    while (performance.now() < end);
    if (!over) setImmediate(compile)
  }
  compile()
  await collectOwners(
    (...rest) => searchLinux(...rest, { procRoot, ownPid: 1, protocol: 'udp' }),
    new Set([5353]),
    20_000,
  )
  over = true
  expect(turns).toBeLessThan(links / 10)
})

/** lsof with the recorded answer, and ps; `asked` gets the arguments of the search. */
function lsof(answer: string, asked: string[][]): RunTool {
  return async (file, args) => {
    if (file === '/bin/ps') return recorded('darwin-ps.txt')
    if (args.includes('cwd')) return recorded('darwin-lsof-cwd.txt')
    asked.push([...args])
    return recorded(answer)
  }
}

test('macOS: bound UDP sockets', async () => {
  expect(parseLsofListeners(recorded('darwin-lsof-udp.txt'))).toEqual([
    { pid: 501, port: 5353 },
    { pid: 501, port: 5353 },
    { pid: 4121, port: 5353 },
    { pid: 4200, port: 5354 },
  ])
  const asked: string[][] = []
  const found = await collectOwners(
    (...rest) => searchDarwin(...rest, lsof('darwin-lsof-udp.txt', asked), 'udp'),
    new Set([5353]),
    1000,
  )
  expect(asked).toEqual([['-nPw', '-iUDP:5353', '-F', 'pn']])
  expect(found.get(5353)?.map(({ pid }) => pid)).toEqual(expect.arrayContaining([501, 4121]))
})

test('macOS: who has a path', async () => {
  const asked: string[][] = []
  const path = '/Users/ada/shop/run/api.sock'
  const found = await collectOwners(
    (...rest) => searchDarwinPath(...rest, lsof('darwin-lsof-path.txt', asked)),
    path,
    1000,
  )
  expect(asked).toEqual([['-nPw', '-F', 'pn', '--', path]])
  expect(found.get(0)).toMatchObject([{ pid: 4121, cwd: '/Users/ada/shop/services/api' }])
})

test('Windows: bound UDP sockets of both families', async () => {
  const asked: string[] = []
  const run: RunTool = async (_file, args) => {
    const table = args.at(-1) ?? ''
    if (!table.startsWith('UDP')) return recorded('windows-processes.json')
    asked.push(table)
    return recorded(`windows-netstat-${table.toLowerCase()}.txt`)
  }
  const found = await collectOwners(
    (...rest) => searchWindows(...rest, { run, systemRoot: 'D:\\Win', protocol: 'udp' }),
    new Set([5353, 1900]),
    1000,
  )
  expect(asked).toEqual(['UDP', 'UDPv6'])
  expect(found.get(5353)?.map(({ pid }) => pid)).toEqual(expect.arrayContaining([18764, 20480]))
  expect(found.get(1900)?.map(({ pid }) => pid)).toEqual([7312])
})

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { collectOwners } from '../../src/net/owners/collect.ts'
import { parseCommandLine } from '../../src/net/owners/linux-process.ts'
import { parseStat } from '../../src/utils/process-stat.ts'
import { parseListenRows } from '../../src/net/owners/linux-sockets.ts'
import { readListenTable, readListenTableNow } from '../../src/net/owners/listen-table.ts'
import { searchLinux } from '../../src/net/owners/linux.ts'
import { tempRoot } from '../_utils/temp.ts'

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'

function row(port: number, inode: number, state = '0A', local = '0100007F'): string {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const remote = `${local.replaceAll(/./g, '0')}:0000`
  return `   0: ${local}:${hexPort} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`
}

/** `/proc/<pid>/stat` with the given name, state and start time. */
function stat(pid: number, name: string, state: string, startTicks: number): string {
  const between = '1 7 7 0 -1 4194560 1 0 0 0 5 2 0 0 20 0 11 0'
  return `${pid} (${name}) ${state} ${between} ${startTicks} 1000000 500 18446744073709551615 1 1 0\n`
}

describe('the table of listeners', () => {
  const rows = (count: number, state: string): string =>
    Array.from({ length: count }, (_, index) => row(3000 + index, 11 + index, state)).join('\n')

  it.each([
    ['many listeners and many connections', 2000, 5000],
    ['no listener', 0, 5000],
    ['no connection', 3, 0],
    ['nothing', 0, 0],
  ])(
    '%s: every listener is found, and what follows them is not read to its end',
    async (_, listeners, others) => {
      using root = tempRoot()
      const table = [HEADING, rows(listeners, '0A'), rows(others, '06'), '']
        .filter(Boolean)
        .join('\n')
      root.write({ tcp: `${table}\n` })
      const path = join(root.dir, 'tcp')
      for (const text of [await readListenTable(path), readListenTableNow(path)]) {
        expect(parseListenRows(text, undefined)).toHaveLength(listeners)
        expect(table.startsWith(text.trimEnd())).toBe(true)
        expect(text.length).toBeLessThan(rows(listeners, '0A').length + 200_000)
      }
    },
  )

  it('a table that is not there is an error', async () => {
    using root = tempRoot()
    await expect(readListenTable(join(root.dir, 'tcp'))).rejects.toThrow('ENOENT')
    expect(() => readListenTableNow(join(root.dir, 'tcp'))).toThrow('ENOENT')
  })
})

describe('parseListenRows', () => {
  it('takes only listeners on wanted ports', () => {
    const table = [HEADING, row(3000, 11), row(3000, 12, '01'), row(4000, 13)].join('\n')
    expect(parseListenRows(table, new Set([3000]))).toEqual([{ port: 3000, inode: 11 }])
  })

  it('reads the wide addresses of tcp6', () => {
    const table = `${HEADING}\n${row(65_535, 21, '0A', '00000000000000000000000001000000')}\n`
    expect(parseListenRows(table, new Set([65_535]))).toEqual([{ port: 65_535, inode: 21 }])
  })

  it('finds nothing in a line cut off before the end of its inode column', () => {
    const whole = row(3000, 12_345)
    const inodeAt = whole.indexOf('12345')
    for (let length = 0; length <= inodeAt; length += 1) {
      expect(parseListenRows(whole.slice(0, length), new Set([3000]))).toEqual([])
    }
  })

  it('does not let an odd line spoil or join its neighbours', () => {
    const cutOff = row(3000, 1).slice(0, 60)
    const table = [cutOff, row(3000, 2), 'x'.repeat(10_000), '\0\0', row(3000, 3)].join('\n')
    expect(parseListenRows(table, new Set([3000])).map((r) => r.inode)).toEqual([2, 3])
  })
})

describe('parseStat', () => {
  it('reads state and start time behind any name', () => {
    const anyName = fc.string({ unit: 'grapheme', maxLength: 15 })
    fc.assert(
      fc.property(anyName, fc.nat(), (name, startTicks) => {
        expect(parseStat(stat(42, name, 'S', startTicks))).toMatchObject({
          name,
          state: 'S',
          startTicks,
        })
      }),
      {
        examples: [
          [') Z 1 (', 7],
          ['a\nb) 1 2', 8],
        ],
      },
    )
  })

  it('does not take a line that is cut off', () => {
    const whole = stat(42, 'node', 'S', 12)
    for (let length = 0; length < whole.indexOf('12 1000000'); length += 1) {
      expect(parseStat(whole.slice(0, length))).toBeUndefined()
    }
  })
})

describe('parseCommandLine', () => {
  it.each([
    ['node\0api.js\0', 'node api.js'],
    ['node\0my api.js\0\0', 'node "my api.js"'],
    ['node\0-e\0log("a b")\0', 'node -e "log(\\"a b\\")"'],
    ['node\0C: \\\0', 'node "C: \\\\"'],
    ['nginx: master process /usr/sbin/nginx\0\0\0', 'nginx: master process /usr/sbin/nginx'],
    ['', ''],
  ])('joins %j', (cmdline, expected) => {
    expect(parseCommandLine(cmdline)).toBe(expected)
  })
})

interface FakeProcess {
  cmdline?: string
  name?: string
  state?: string
  startTicks?: number
  cwd?: string
  links: string[]
}

/** Writes a tree that looks like `/proc`. Nothing in it needs to exist outside. */
function fakeProc(tables: { tcp?: string; tcp6?: string }, processes: Record<number, FakeProcess>) {
  const root = mkdtempSync(join(tmpdir(), 'ports-proc-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'net'))
  mkdirSync(join(root, 'sys'))
  writeFileSync(join(root, 'stat'), 'cpu  1 2 3\nbtime 1700000000\nprocesses 9\n')
  for (const [name, text] of Object.entries(tables)) writeFileSync(join(root, 'net', name), text)
  for (const [pid, p] of Object.entries(processes)) {
    const dir = join(root, pid)
    mkdirSync(join(dir, 'fd'), { recursive: true })
    const { name = 'node', state = 'S', startTicks = 100 } = p
    writeFileSync(join(dir, 'stat'), stat(Number(pid), name, state, startTicks))
    writeFileSync(join(dir, 'cmdline'), p.cmdline ?? '')
    if (p.cwd) symlinkSync(p.cwd, join(dir, 'cwd'))
    p.links.forEach((link, fd) => symlinkSync(link, join(dir, 'fd', String(fd))))
  }
  return (ports: number[]) =>
    collectOwners(
      (...rest) => searchLinux(...rest, { procRoot: root, ownPid: 7 }),
      new Set(ports),
      5000,
    )
}

describe('searchLinux', () => {
  it('follows the socket to its process', async () => {
    const owners = fakeProc(
      { tcp: `${HEADING}\n${row(3000, 11)}\n` },
      {
        7: { links: ['/dev/null', 'socket:[99]'] },
        8: {
          cmdline: 'node\0api.js\0',
          cwd: '/home/ada/shop',
          startTicks: 12_345,
          links: ['pipe:[11]', 'socket:[11]'],
        },
      },
    )
    expect(await owners([3000])).toEqual(
      new Map([
        [
          3000,
          [
            {
              port: 3000,
              pid: 8,
              command: 'node api.js',
              cwd: '/home/ada/shop',
              startedAt: '2023-11-14T22:15:23.450Z',
            },
          ],
        ],
      ]),
    )
  })

  it('lists everybody who shares a socket, in the order they started', async () => {
    const shared = ['socket:[11]', 'socket:[11]']
    const owners = fakeProc(
      { tcp6: row(3000, 11) },
      {
        7: { startTicks: 300, links: shared },
        20: { startTicks: 100, links: shared },
        30: { startTicks: 200, links: shared },
      },
    )
    expect((await owners([3000])).get(3000)?.map((owner) => owner.pid)).toEqual([20, 30, 7])
  })

  it('keeps two listeners of one port apart, and one that cannot be looked at', async () => {
    const owners = fakeProc(
      { tcp: [row(3000, 11), row(4000, 13)].join('\n'), tcp6: row(3000, 12) },
      { 8: { cmdline: 'node\0a.js\0', links: ['socket:[11]'] } },
    )
    const found = await owners([3000, 4000, 5000])
    expect(found.get(3000)?.map((owner) => owner.pid)).toEqual([8, undefined])
    expect(found.get(4000)).toEqual([{ port: 4000 }])
    expect(found.has(5000)).toBe(false)
  })

  it('passes over the dead, and names the living without a command line', async () => {
    const owners = fakeProc(
      { tcp: row(3000, 11) },
      {
        8: { state: 'Z', links: ['socket:[11]'] },
        9: { name: 'a) (b', cwd: '/gone/shop (deleted)', links: ['socket:[11]'] },
      },
    )
    const [owner, ...others] = (await owners([3000])).get(3000) ?? []
    expect(others).toEqual([])
    expect(owner).toMatchObject({ pid: 9, command: 'a) (b', cwd: '/gone/shop' })
  })

  it('finds nothing where there is no /proc', async () => {
    const found = await collectOwners(
      (...rest) => searchLinux(...rest, { procRoot: join(tmpdir(), 'ports-no-such-proc') }),
      new Set([3000]),
      1000,
    )
    expect(found).toEqual(new Map())
  })
})

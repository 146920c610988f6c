import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collectOwners } from '../../src/net/owners/collect.ts'
import type { RunTool } from '../../src/net/owners/run-tool.ts'
import { parseNetstat } from '../../src/net/owners/windows-netstat.ts'
import { parseProcessList, processQuery } from '../../src/net/owners/windows-processes.ts'
import { searchWindows } from '../../src/net/owners/windows.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/recorded/owners/${name}`, import.meta.url), 'utf8')

const files: Record<string, string> = {
  TCP: 'windows-netstat-tcp.txt',
  TCPv6: 'windows-netstat-tcpv6.txt',
}
const answer: RunTool = async (_file, args) =>
  recorded(files[args.at(-1) ?? ''] ?? 'windows-processes.json')
const owners = (ports: number[], run: RunTool) =>
  collectOwners(
    (...rest) => searchWindows(...rest, { run, systemRoot: 'D:\\Win' }),
    new Set(ports),
    1000,
  )

describe('parseNetstat', () => {
  it('keeps listeners and drops connections', () => {
    expect(parseNetstat(recorded('windows-netstat-tcp.txt'))).toEqual([
      { port: 135, pid: 1032 },
      { port: 445, pid: 4 },
      { port: 3000, pid: 18764 },
      { port: 139, pid: 4 },
    ])
  })

  it('reads IPv6 addresses, with a zone too', () => {
    expect(parseNetstat(recorded('windows-netstat-tcpv6.txt'))).toEqual([
      { port: 135, pid: 1032 },
      { port: 445, pid: 4 },
      { port: 5173, pid: 20480 },
      { port: 1900, pid: 7312 },
    ])
  })

  it('does not depend on the language or code page of the state', () => {
    const german = recorded('windows-netstat-tcp-german.txt')
    expect(german).toContain('ABH\uFFFDREN')
    expect(parseNetstat(german)).toEqual([
      { port: 135, pid: 1032 },
      { port: 3000, pid: 18764 },
      { port: 139, pid: 4 },
    ])
  })

  it('takes a state of several words, and none', () => {
    const rows =
      '  TCP  [::]:80  [::]:0  EN ESCUCHA  12\r\n  TCP  0.0.0.0:81  0.0.0.0:0  13\r\n  TCP  0.0.0.0:82'
    expect(parseNetstat(rows)).toEqual([
      { port: 80, pid: 12 },
      { port: 81, pid: 13 },
    ])
  })
})

describe('parseProcessList', () => {
  it('reads command lines and start times, and names where there is no command line', () => {
    expect(parseProcessList(recorded('windows-processes.json'))).toEqual(
      new Map([
        [4, { command: 'System' }],
        [1032, { command: 'svchost.exe', startedAt: '2026-01-05T07:00:03.104Z' }],
        [
          18764,
          {
            command:
              '"C:\\Program Files\\nodejs\\node.exe"   "C:\\Läden\\shop\\node_modules\\vite\\bin\\vite.js" --port 3000',
            startedAt: '2026-01-05T09:11:12.123Z',
          },
        ],
      ]),
    )
  })

  it('reads a single process, also behind a byte order mark', () => {
    const single = recorded('windows-process-single.json')
    const expected = new Map([
      [20480, { command: 'node  api.js', startedAt: '2026-02-18T23:59:59.999Z' }],
    ])
    expect(parseProcessList(single)).toEqual(expected)
    expect(parseProcessList(`\uFEFF${single}`)).toEqual(expected)
  })

  it.each([
    '',
    'Get-CimInstance : Access denied',
    'null',
    '[1, null, "x", {}]',
    '{"ProcessId":"4"}',
  ])('finds nothing in %j', (output) => {
    expect(parseProcessList(output)).toEqual(new Map())
  })
})

describe('searchWindows', () => {
  it('puts both families and the processes together', async () => {
    const found = await owners([135, 3000, 5173, 8080], answer)
    expect(found.get(135)).toEqual([
      { port: 135, pid: 1032, command: 'svchost.exe', startedAt: '2026-01-05T07:00:03.104Z' },
    ])
    expect(found.get(3000)?.[0]?.command).toContain('vite.js')
    expect(found.get(5173)).toEqual([{ port: 5173, pid: 20480 }])
    expect(found.has(8080)).toBe(false)
  })

  it('runs the tools of the system directory, PowerShell once', async () => {
    const calls: string[][] = []
    await owners([3000, 5173], async (file, args, options) => {
      calls.push([file, ...args])
      return answer(file, args, options)
    })
    expect(calls).toEqual([
      ['D:\\Win\\System32\\netstat.exe', '-ano', '-p', 'TCP'],
      ['D:\\Win\\System32\\netstat.exe', '-ano', '-p', 'TCPv6'],
      [
        'D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        processQuery([18764, 20480]),
      ],
    ])
    expect(calls[2]?.at(-1)).toContain("-Filter 'ProcessId=18764 OR ProcessId=20480'")
  })

  it('finds nothing where netstat fails', async () => {
    expect(await owners([3000], async () => undefined)).toEqual(new Map())
    expect(await owners([3000], () => Promise.reject(new Error('no')))).toEqual(new Map())
  })
})

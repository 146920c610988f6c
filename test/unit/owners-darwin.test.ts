import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collectOwners } from '../../src/net/owners/collect.ts'
import { parseLsofCwds, parseLsofListeners } from '../../src/net/owners/darwin-lsof.ts'
import { parsePs } from '../../src/net/owners/darwin-ps.ts'
import { searchDarwin } from '../../src/net/owners/darwin.ts'
import type { RunTool } from '../../src/net/owners/run-tool.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/recorded/owners/${name}`, import.meta.url), 'utf8')

const answer: RunTool = async (file, args) => {
  if (file === '/bin/ps') return recorded('darwin-ps.txt')
  return recorded(args.includes('cwd') ? 'darwin-lsof-cwd.txt' : 'darwin-lsof-listen.txt')
}
const owners = (ports: number[], run: RunTool) =>
  collectOwners((...rest) => searchDarwin(...rest, run), new Set(ports), 1000)

describe('parseLsofListeners', () => {
  it('reads every address form', () => {
    expect(parseLsofListeners(recorded('darwin-lsof-listen.txt'))).toEqual([
      { pid: 501, port: 7000 },
      { pid: 501, port: 7000 },
      { pid: 4121, port: 3000 },
      { pid: 4200, port: 5173 },
      { pid: 4200, port: 9229 },
      { pid: 4201, port: 5173 },
    ])
  })

  it('needs no descriptor lines, and passes over connections and nonsense', () => {
    const output = 'n*:1\npx\nn*:2\np7\nn127.0.0.1:3->127.0.0.1:4\nn*:5\nn\nn*:*\n'
    expect(parseLsofListeners(output)).toEqual([{ pid: 7, port: 5 }])
  })
})

describe('parseLsofCwds', () => {
  it('keeps spaces and letters beyond ASCII, and drops remarks', () => {
    expect(parseLsofCwds(recorded('darwin-lsof-cwd.txt'))).toEqual(
      new Map([
        [501, '/'],
        [4121, '/Users/ada/shop/services/api'],
        [4200, '/Users/ada/Meine Läden/shop'],
      ]),
    )
  })
})

describe('parsePs', () => {
  it('reads start times as UTC and the whole command', () => {
    const processes = parsePs(recorded('darwin-ps.txt'))
    expect(processes.get(4121)).toEqual({
      command: 'node api.js',
      startedAt: '2026-01-05T09:11:12.000Z',
    })
    expect(processes.get(4200)?.command).toBe(
      'node /Users/ada/Meine Läden/shop/node_modules/.bin/vite --port 5173',
    )
    expect(processes.size).toBe(4)
  })

  it('passes over rows in another language or form', () => {
    expect(parsePs('1 Mo  5 Jan 10:11:12 2026 node\n2 Mon Foo  5 10:11:12 2026 node\n\n')).toEqual(
      new Map(),
    )
  })
})

describe('searchDarwin', () => {
  it('puts processes together, the creator of a shared socket first', async () => {
    const found = await owners([3000, 5173, 8080], answer)
    expect([...found.keys()].toSorted((a, b) => a - b)).toEqual([3000, 5173])
    expect(found.get(3000)).toEqual([
      {
        port: 3000,
        pid: 4121,
        command: 'node api.js',
        cwd: '/Users/ada/shop/services/api',
        startedAt: '2026-01-05T09:11:12.000Z',
      },
    ])
    expect(found.get(5173)?.map((owner) => owner.pid)).toEqual([4201, 4200])
  })

  it('asks for the ports and the pids found, and nothing more when there are none', async () => {
    const calls: string[] = []
    await owners([3000, 5173], async (file, args, options) => {
      calls.push([file, ...args].join(' '))
      return answer(file, args, options)
    })
    expect(calls).toEqual([
      '/usr/sbin/lsof -nPw -iTCP:3000,5173 -sTCP:LISTEN -F pn',
      '/usr/sbin/lsof -nPw -a -d cwd -p 4121,4200,4201 -F pn',
      '/bin/ps -ww -o pid= -o lstart= -o command= -p 4121,4200,4201',
    ])
    const idle: string[] = []
    await owners([8080], async (file) => {
      idle.push(file)
      return ''
    })
    expect(idle).toEqual(['/usr/sbin/lsof'])
  })

  it('still names the pid when the tools for the rest fail', async () => {
    const found = await owners([3000], async (file, args, options) =>
      args.includes('-sTCP:LISTEN') ? answer(file, args, options) : undefined,
    )
    expect(found).toEqual(new Map([[3000, [{ port: 3000, pid: 4121 }]]]))
  })

  it('returns what is known when the time is up', async () => {
    const found = await collectOwners(
      (...rest) =>
        searchDarwin(...rest, (file, args, options) =>
          args.includes('-sTCP:LISTEN') || file === '/bin/ps'
            ? answer(file, args, options)
            : new Promise(() => {}),
        ),
      new Set([3000]),
      200,
    )
    expect(found.get(3000)).toEqual([
      {
        port: 3000,
        pid: 4121,
        command: 'node api.js',
        startedAt: '2026-01-05T09:11:12.000Z',
      },
    ])
  })
})

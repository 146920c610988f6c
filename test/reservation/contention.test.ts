import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

const PROCESSES = 20
const SERVICES = 3
/** Ports beyond what all want at once; fewer than the killed ones leave, which must be had again. */
const SPARE = 12
const KILLED = Math.ceil(PROCESSES / 3)

/** Reserves when told so, then serves its pid on each port; says so, or what failed. */
function program(root: string, from: number, to: number): string {
  const range = JSON.stringify([from, to])
  return `
    import { once } from 'node:events'
    import { mkdtempSync } from 'node:fs'
    import { createServer } from 'node:net'
    import { reserve } from 'unplugin-ports/api'
    process.on('uncaughtException', (error) => { console.log('failed', error.message); process.exit(1) })
    console.log('ready')
    await once(process.stdin, 'data')
    const held = await reserve({ root: mkdtempSync(${JSON.stringify(`${root}/r-`)}), services: {
      single: { preferred: ${from}, range: ${range} },
      pair: { count: 2, contiguous: true, range: ${range} },
    } })
    const list = Object.values(held.services)
    for (const service of list) {
      const server = createServer((socket) => socket.end(String(process.pid)))
      server.on('error', (error) => console.log('failed', error.message))
      service.adoptInto(server)
      if (!server.listening) console.log('failed: not listening')
    }
    console.log('ports', ...list.map(({ port }) => port), '.')`
}

async function greeting(port: number): Promise<number> {
  const socket = connect({ port, host: 'localhost' })
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return Number(text)
}

async function portsOf(child: Child): Promise<number[]> {
  const [, text = ''] = await child.sees(/ports ([\d ]+) \./)
  return text.split(' ').map(Number)
}

test('twenty processes with three services each, a third of them killed in between: no port twice, no failed bind', async () => {
  const [from, to] = await freeRange(PROCESSES * SERVICES + SPARE)
  using root = tempRoot()
  const startOne = (): Child =>
    startNode(['--input-type=module', '-e', program(root.dir, from, to)], {
      cwd: repo,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  const children = Array.from({ length: PROCESSES + KILLED }, startOne)
  try {
    await Promise.all(children.map((child) => child.sees(/ready/)))
    const first = children.slice(0, PROCESSES)
    const late = children.slice(PROCESSES)
    const go = (child: Child): unknown => child.process.stdin?.write('go\n')
    first.forEach(go)
    // The late ones need the ports of the killed ones, while the others are still choosing.
    await Promise.all(
      first.slice(0, KILLED).map(async (child, index) => {
        await portsOf(child)
        await child.end('SIGKILL')
        go(late[index] as Child)
      }),
    )
    const alive = [...first.slice(KILLED), ...late]
    const ports = await Promise.all(alive.map(portsOf))
    for (const [, one = 0, other] of ports) expect(other).toBe(one + 1)
    const all = ports.flat()
    expect(all).toHaveLength(PROCESSES * SERVICES)
    expect(new Set(all).size).toBe(all.length)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(from)
    expect(Math.max(...all)).toBeLessThanOrEqual(to)
    const answers = await Promise.all(ports.map((list) => Promise.all(list.map(greeting))))
    expect(answers).toEqual(alive.map(({ pid }) => [pid, pid, pid]))
    for (const child of children) expect(child.output()).not.toContain('failed')
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}, 60_000)

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reserve, type Reservations } from '../../src/api.ts'
import { type Attempt, runCommand, type RunCommandOptions } from '../../src/child/run-command.ts'
import type { PortReservation } from '../../src/reservation/reservation.ts'
import { alive } from '../_utils/alive.ts'
import { start, startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { rivalOf } from '../_utils/held-program.ts'
import { freePort, freeRange, isFree } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const node = process.execPath
const server = (name: string): string => join(repo, 'test/fixtures/servers', name)
const PYTHON = ['python3', '-m', 'http.server', '--bind', '127.0.0.1'] as const

async function reserveApi(root: string, port: number, to = port): Promise<Reservations> {
  return reserve({
    root,
    services: { api: { preferred: port, range: [port, to], host: '127.0.0.1' } },
  })
}

const apiOf = (ports: Reservations): PortReservation => ports.services.api as PortReservation

function attempt(ports: Reservations, command: string, args: readonly string[] = []): Attempt {
  const api = apiOf(ports)
  const env = { ...process.env, PORT: String(api.port), HOST: '127.0.0.1' }
  return { command, args, reservations: [api], env }
}

const OPTIONS: RunCommandOptions = { cwd: repo, platform: process.platform, stdio: 'ignore' }

describe('how it ends', () => {
  test.for([
    ['process.exit(7)', 7],
    ['process.kill(process.pid, "SIGTERM")', 143],
    ['process.kill(process.pid, "SIGKILL")', 137],
  ] as const)('%s is %d', async ([source, code]) => {
    using root = tempRoot()
    await using ports = await reserveApi(root.dir, await freePort())
    const running = runCommand(attempt(ports, node, ['-e', source]), OPTIONS)
    expect((await running.ended).exitCode).toBe(code)
    expect(apiOf(ports).state).toBe('held')
  })

  test('by a signal that came before it was started', async () => {
    using root = tempRoot()
    await using ports = await reserveApi(root.dir, await freePort())
    const running = runCommand(attempt(ports, 'sleep', ['1000']), OPTIONS)
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ exitCode: 143, signal: 'SIGTERM' })
  })

  test('by a signal that came between two attempts', async () => {
    using root = tempRoot()
    using elsewhere = tempRoot()
    const [from, to] = await freeRange(3)
    const all = [await reserveApi(root.dir, from, to)]
    const first = all[0] as Reservations
    await using _rival = await rivalOf(from)
    const serve = (ports: Reservations): Attempt =>
      attempt(ports, PYTHON[0], [...PYTHON.slice(1), String(apiOf(ports).port)])
    const running = runCommand(serve(first), {
      ...OPTIONS,
      again: async () => {
        running.kill('SIGTERM')
        const next = await reserveApi(elsewhere.dir, from, to)
        all.push(next)
        return serve(next)
      },
    })
    expect(await running.ended).toMatchObject({ exitCode: 143, served: false })
    for (const ports of all) await ports.release()
  })

  test('a command that does not exist', async () => {
    using root = tempRoot()
    await using ports = await reserveApi(root.dir, await freePort())
    const running = runCommand(attempt(ports, 'no-such-command-anywhere'), OPTIONS)
    await expect(running.ended).rejects.toMatchObject({ code: 'ENOENT' })
    expect(apiOf(ports).state).toBe('held')
  })

  test('the whole tree ends, whatever became of its middle', async () => {
    using root = tempRoot()
    await using ports = await reserveApi(root.dir, await freePort())
    const pids = join(root.dir, 'pids')
    const script = `sleep 1000 & echo $! >> ${pids}; (sleep 1000 & echo $! >> ${pids}); exec sleep 1000`
    const running = runCommand(
      { ...attempt(ports, script), shell: true },
      { ...OPTIONS, mode: 'handover' },
    )
    const lines = await until(() => {
      const found = existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n') : []
      return found.length === 2 ? found : undefined
    })
    const others = startNode(['-e', 'setInterval(() => {}, 1000)'])
    await running.end()
    for (const pid of [running.pid, ...lines.map(Number)]) expect(alive(pid)).toBe(false)
    expect(alive(others.pid)).toBe(true)
    await others.end()
  })

  test('a program that ignores SIGTERM is killed after its grace', async () => {
    using root = tempRoot()
    await using ports = await reserveApi(root.dir, await freePort())
    const running = runCommand(
      {
        ...attempt(ports, `trap '' TERM; touch ${root.dir}/up; while :; do sleep 0.1; done`),
        shell: true,
      },
      { ...OPTIONS, mode: 'handover', graceMs: 200 },
    )
    await until(() => existsSync(join(root.dir, 'up')))
    expect(await running.end()).toEqual({ exitCode: 137, signal: 'SIGKILL', served: false })
  })
})

test('a Node server gets the socket, and the port is held again after it', async () => {
  using root = tempRoot()
  await using ports = await reserveApi(root.dir, await freePort())
  const { port } = apiOf(ports)
  await using rival = await rivalOf(port)
  const serving: boolean[] = []
  const running = runCommand(attempt(ports, node, [server('http.mjs')]), {
    ...OPTIONS,
    onServing: (_reservation, _pid, passed) => serving.push(passed),
  })
  expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`http.mjs ${running.pid}`)
  expect(serving).toEqual([true])
  await running.end()
  expect(apiOf(ports).state).toBe('held')
  expect(await isFree(port)).toBe(false)
  expect(rival.output()).not.toContain('won')
})

test('a Node server in a program that did not look like one gets the socket all the same', async () => {
  using root = tempRoot()
  await using ports = await reserveApi(root.dir, await freePort())
  const serving: boolean[] = []
  const running = runCommand(attempt(ports, node, [server('http.mjs')]), {
    ...OPTIONS,
    mode: 'release',
    onServing: (_reservation, _pid, passed) => serving.push(passed),
  })
  const { port } = apiOf(ports)
  await until(() => serving.length > 0)
  expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`http.mjs ${running.pid}`)
  expect(serving).toEqual([true])
  await running.end()
})

test('another language: the port is let go, and its server is found there', async () => {
  using root = tempRoot()
  await using ports = await reserveApi(root.dir, await freePort())
  const { port } = apiOf(ports)
  const serving: [number, boolean][] = []
  const running = runCommand(attempt(ports, PYTHON[0], [...PYTHON.slice(1), String(port)]), {
    ...OPTIONS,
    onServing: (_reservation, pid, passed) => serving.push([pid, passed]),
  })
  await until(() => serving.length > 0)
  expect(serving).toEqual([[running.pid, false]])
  expect(apiOf(ports).state).toBe('serving')
  expect((await get(`http://127.0.0.1:${port}`)).status).toBe(200)
  await running.end()
  expect(apiOf(ports).state).toBe('held')
})

test('a stranger is faster, and the program starts again on the next port', async () => {
  using root = tempRoot()
  using elsewhere = tempRoot()
  const [from, to] = await freeRange(3)
  const all = [await reserveApi(root.dir, from, to)]
  const first = all[0] as Reservations
  await using rival = await rivalOf(from)
  const lost: unknown[] = []
  const serving: number[] = []
  const serve = (ports: Reservations): Attempt =>
    attempt(ports, PYTHON[0], [...PYTHON.slice(1), String(apiOf(ports).port)])
  const running = runCommand(serve(first), {
    ...OPTIONS,
    onServing: ({ port }) => serving.push(port),
    again: async ({ reservation, owner, attempt }) => {
      lost.push([reservation.port, owner?.pid, attempt])
      const next = await reserveApi(elsewhere.dir, from, to)
      all.push(next)
      return serve(next)
    },
  })
  await until(() => serving.length > 0)
  expect(lost).toEqual([[from, rival.pid, 1]])
  expect(serving[0]).toBeGreaterThan(from)
  expect((await get(`http://127.0.0.1:${serving[0]}`)).status).toBe(200)
  await running.end()
  for (const ports of all) await ports.release()
})

test('socket activation, as systemd does it', async () => {
  using root = tempRoot()
  await using ports = await reserveApi(root.dir, await freePort())
  const { port } = apiOf(ports)
  await using rival = await rivalOf(port)
  const source = `
import os, socket
assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDNAMES'] == 'api'
server = socket.socket(fileno=3)
for _ in range(2):
    client, _address = server.accept()
    client.recv(1000)
    client.sendall(b'HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\nfd 3 of ' + str(os.getpid()).encode())
    client.close()
`
  const serving: boolean[] = []
  const running = runCommand(attempt(ports, 'python3', ['-c', source]), {
    ...OPTIONS,
    mode: 'activation',
    onServing: (_reservation, _pid, passed) => serving.push(passed),
  })
  expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`fd 3 of ${running.pid}`)
  await until(() => serving.length > 0)
  expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`fd 3 of ${running.pid}`)
  expect((await running.ended).exitCode).toBe(0)
  expect(rival.output()).not.toContain('won')
})

describe('in a process of its own', () => {
  const RUN = ['--import', 'tsx', join(repo, 'test/fixtures/programs/run.mts')]

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s is passed on, and so is the code', async ([signal, code]) => {
    const port = await freePort()
    await using run = startNode([...RUN, String(port), node, server('http.mjs')], { cwd: repo })
    await run.sees(/up/)
    expect(await run.end(signal)).toMatchObject({ code })
    expect(await isFree(port)).toBe(true)
  })

  test('Ctrl-C in a terminal reaches the program once', async () => {
    const port = await freePort()
    const counter = `
      let times = 0
      const end = () => { console.log("times " + times); process.exit(3) }
      process.on("SIGINT", () => { times++; setTimeout(end, 300) })
      console.log("ready")
      setInterval(() => {}, 1000)`
    const line = ['exec', node, ...RUN, String(port), node, '-e', counter]
      .map((word) => `'${word}'`)
      .join(' ')
    await using pty = start('script', ['-qec', line, '/dev/null'], {
      cwd: repo,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    await pty.sees(/ready/)
    pty.process.stdin?.write('\x03')
    expect((await pty.sees(/times (\d+)/))[1]).toBe('1')
    expect(await pty.ended).toMatchObject({ code: 3 })
  })

  test.for([
    ['a Node server', [node, server('http.mjs')]],
    ['npm run', ['npm', 'run', 'api']],
    [
      'a shell with a Python server',
      ['sh', '-c', 'python3 -u -m http.server --bind 127.0.0.1 $PORT; true'],
    ],
  ] as const)('%s does not outlive a SIGKILL of ours', async ([, command]) => {
    const port = await freePort()
    using root = tempRoot()
    const api = `"${node}" "${server('http.mjs')}"`
    root.write({ 'package.json': JSON.stringify({ name: 'api', scripts: { api } }) })
    const env = { PORTS_TEST_TREE: root.dir }
    const tsx = join(repo, 'node_modules/tsx/dist/esm/index.mjs')
    await using run = startNode(['--import', tsx, RUN[2] as string, String(port), ...command], {
      cwd: root.dir,
      env,
    })
    await until(async () => (await get(`http://127.0.0.1:${port}`)).status === 200)
    run.process.kill('SIGKILL')
    await run.ended
    await until(() => isFree(port))
    await until(async () => (await processesWith(`PORTS_TEST_TREE=${root.dir}`)) === 0)
  })
})

async function processesWith(mark: string): Promise<number> {
  const { listLinux } = await import('../../src/child/tree/linux.ts')
  return (await listLinux(mark)).filter((row) => row.marked).length
}

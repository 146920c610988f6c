import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createPorts, move, type Options, type Ports, type ServiceProcess } from '../../src/api.ts'
import { alive } from '../_utils/alive.ts'
import { get } from '../_utils/http.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const FIXTURE = join(repo, 'test/fixtures/processes/api.mjs')
const NODE = [process.execPath, FIXTURE] as const

interface Told {
  readonly name: string
  readonly pid: number
  readonly env: Record<string, string>
}

interface Started extends AsyncDisposable {
  readonly ports: Ports
  readonly lines: string[]
  readonly warnings: string[]
  readonly states: string[]
}

async function startAll(root: TempRoot, services: Options['services']): Promise<Started> {
  const ports = createPorts({ root: root.dir, services: services ?? {} })
  const [lines, warnings, states] = [[] as string[], [] as string[], [] as string[]]
  ports.on('output', ({ service, line }) => lines.push(`${service}: ${line}`))
  ports.on('warning', ({ message }) => warnings.push(message))
  ports.on('process', ({ process: { service, state } }) => states.push(`${service} ${state}`))
  await ports.allocateAll()
  return { ports, lines, warnings, states, [Symbol.asyncDispose]: () => ports.close() }
}

async function ask(ports: Ports, service: string): Promise<Told> {
  return JSON.parse((await get(ports.get(service)?.url ?? '')).text) as Told
}

function stateOf(ports: Ports, service: string): ServiceProcess | undefined {
  return ports.processes().find((one) => one.service === service)
}

test('a command serves the held port, knows all services, and ends with them', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  const { ports, lines, states } = await startAll(root, {
    api: {
      preferred: from,
      command: NODE,
      env: { NAME: 'the api', WEB: 'see {web.url}', OWN: '{port}' },
    },
    web: to,
  })
  // Asked before it can have started: the held port keeps the question.
  const { name, pid, env } = await ask(ports, 'api')
  expect(name).toBe('the api')
  expect(env).toMatchObject({
    PORT: String(from),
    API_PORT: String(from),
    WEB_PORT: String(to),
    WEB_URL: `http://localhost:${to}`,
    WEB: `see http://localhost:${to}`,
    OWN: String(from),
  })
  await until(() => lines.length > 0)
  expect(lines).toEqual([`api: the api listens on ${from}`])
  await until(() => stateOf(ports, 'api')?.state === 'running')
  expect(stateOf(ports, 'api')).toMatchObject({ pid, restarts: 0, command: NODE.join(' ') })
  await ports.close()
  expect(alive(pid)).toBe(false)
  expect(await isFree(from)).toBe(true)
  expect(states).toEqual(['api starting', 'api running', 'api stopping', 'api stopped'])
})

test('they start when what they depend on is healthy, and end the other way round', async () => {
  using root = tempRoot()
  const log = join(root.dir, 'log')
  const [from] = await freeRange(3)
  const service = (name: string, index: number, more: object = {}) => ({
    preferred: from + index,
    command: NODE,
    health: '/',
    env: { NAME: name, LOG: log, SLOW_MS: '150' },
    ...more,
  })
  const { ports } = await startAll(root, {
    web: service('web', 0, { dependsOn: 'api' }),
    api: service('api', 1, { dependsOn: ['db'] }),
    db: service('db', 2),
  })
  expect(stateOf(ports, 'web')).toMatchObject({ state: 'waiting', reason: 'waits for "api"' })
  await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('listen web'))
  await ports.close()
  expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
    ...['db', 'api', 'web'].flatMap((name) => [`start ${name}`, `listen ${name}`]),
    ...['web', 'api', 'db'].map((name) => `end ${name}`),
  ])
})

describe('restart', () => {
  test('a crash is followed by a new start on the same port', async () => {
    using root = tempRoot()
    const port = await freePort()
    await using started = await startAll(root, {
      api: { preferred: port, command: NODE, restart: { delayMs: 50 } },
    })
    const { ports, warnings } = started
    const { pid } = await ask(ports, 'api')
    await get(`http://localhost:${port}/crash`).catch(() => {})
    const again = await until(async () => {
      const told = await ask(ports, 'api')
      return told.pid === pid ? undefined : told
    })
    expect(again.env.PORT).toBe(String(port))
    await until(() => stateOf(ports, 'api')?.state === 'running')
    expect(stateOf(ports, 'api')).toMatchObject({ restarts: 1, exitCode: 3, pid: again.pid })
    expect(warnings).toEqual(['"api" has ended with exit code 3; it is started again in 0.1 s.'])
  })

  test('who crashes again and again is left alone, and started again when asked for', async () => {
    using root = tempRoot()
    root.write({ 'api.sh': 'test -f good && exec sleep 1000; echo no; exit 7' })
    await using started = await startAll(root, {
      api: { command: 'sh api.sh', restart: { maxRetries: 2, delayMs: 10 }, health: false },
    })
    const { ports, lines, warnings } = started
    await until(() => stateOf(ports, 'api')?.state === 'failed')
    expect(lines).toEqual(['api: no', 'api: no', 'api: no'])
    expect(warnings).toHaveLength(3)
    expect(warnings[2]).toBe('"api" has ended with exit code 7 after 3 starts and is left alone.')
    root.write({ good: '' })
    await ports.restart('api')
    await until(() => stateOf(ports, 'api')?.state === 'running')
    await expect(ports.restart('web')).rejects.toMatchObject({ code: 'PORTS_NO_SERVICE' })
  })

  test.for([
    [{ restart: false, command: 'exit 4' }, 'failed', 4],
    [{ command: 'exit 0' }, 'stopped', 0],
    [{ command: 'no-such-command-anywhere' }, 'failed', undefined],
    [{ command: 'true', cwd: 'no/such/directory' }, 'failed', undefined],
  ] as const)('%j comes to rest as %s', async ([service, state, exitCode]) => {
    using root = tempRoot()
    await using started = await startAll(root, { api: { ...service } })
    const { ports, warnings } = started
    await until(() => stateOf(ports, 'api')?.state === state)
    expect(stateOf(ports, 'api')?.exitCode).toBe(exitCode)
    expect(stateOf(ports, 'api')?.pid).toBeUndefined()
    expect(warnings).toHaveLength(state === 'failed' ? 1 : 0)
  })

  test('always means that a good end is followed by a new start, too', async () => {
    using root = tempRoot()
    await using started = await startAll(root, {
      api: { command: 'echo hello', restart: { when: 'always', delayMs: 10, maxRetries: 3 } },
    })
    const { ports, lines } = started
    await until(() => stateOf(ports, 'api')?.state === 'stopped')
    expect(lines).toHaveLength(4)
  })
})

test('a service that moves takes its process along, and those that depend on it', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using started = await startAll(root, {
    api: { preferred: from, range: [from, to], command: NODE, health: '/' },
    web: { command: NODE, dependsOn: 'api' },
  })
  const { ports } = started
  const [api, web] = [await ask(ports, 'api'), await ask(ports, 'web')]
  expect(web.env.API_PORT).toBe(String(from))
  expect(await move('api', { root: root.dir })).toEqual({ service: 'api', from, to })
  const moved = await ask(ports, 'api')
  expect(moved.pid).not.toBe(api.pid)
  expect(moved.env.PORT).toBe(String(to))
  const told = await until(async () => {
    const now = await ask(ports, 'web')
    return now.pid === web.pid ? undefined : now
  })
  expect(told.env.API_PORT).toBe(String(to))
  expect(alive(api.pid) || alive(web.pid)).toBe(false)
})

test('a Python server gets its port by letting go', async () => {
  using root = tempRoot()
  const port = await freePort()
  root.write({ 'index.html': 'from Python' })
  await using started = await startAll(root, {
    api: {
      preferred: port,
      command: 'python3 -u -m http.server {port} --bind 127.0.0.1',
      host: '127.0.0.1',
    },
  })
  const { ports } = started
  await until(() => stateOf(ports, 'api')?.state === 'running')
  expect((await get(`http://127.0.0.1:${port}/`)).text).toBe('from Python')
})

test('a tree of processes ends as a whole', async () => {
  using root = tempRoot()
  root.write({
    'package.json': JSON.stringify({ scripts: { api: `node ${FIXTURE} & wait` } }),
  })
  const { ports } = await startAll(root, { api: { command: 'npm run --silent api' } })
  const { pid } = await ask(ports, 'api')
  const first = stateOf(ports, 'api')?.pid ?? 0
  expect(first).not.toBe(pid)
  await ports.close()
  expect([first, pid].map(alive)).toEqual([false, false])
})

test('two programs share one process, which ends with the last of them', async () => {
  using root = tempRoot()
  const services = { api: { command: NODE } }
  const one = await startAll(root, services)
  await using two = await startAll(root, services)
  const { pid } = await ask(one.ports, 'api')
  expect((await ask(two.ports, 'api')).pid).toBe(pid)
  await one.ports.close()
  expect((await ask(two.ports, 'api')).pid).toBe(pid)
  await two.ports.close()
  expect(alive(pid)).toBe(false)
})

test('a port that is taken leads to the next one', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(2)
  await using _taken = await occupy('127.0.0.1', from)
  await using started = await startAll(root, {
    api: { preferred: from, range: [from, to], command: NODE },
  })
  expect((await ask(started.ports, 'api')).env.API_PORT).toBe(String(to))
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import type { Allocation } from '../../src/types.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { accepts, freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** Starts and closes dev servers in its one process as it is told. */
const PROGRAM = `import { createServer } from 'vite'
import webpack from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import { allocations } from 'unplugin-ports/api'
import vitePorts from 'unplugin-ports/vite'
import webpackPorts from 'unplugin-ports/webpack'

const servers = new Map()
const does = {
  async vite({ name, root, services }) {
    const server = await createServer({
      root, configFile: false, logLevel: 'info', plugins: [vitePorts({ services })],
    })
    await server.listen()
    servers.set(name, () => server.close())
    return server.httpServer.address().port
  },
  async webpack({ name, root, services }) {
    const compiler = webpack({
      mode: 'development', context: root, entry: './main.js', stats: 'none',
      output: { path: root + '/dist' }, infrastructureLogging: { level: 'none' },
      plugins: [webpackPorts({ services, summary: false })],
    })
    const server = new WebpackDevServer({ static: false, host: 'localhost' }, compiler)
    await server.start()
    servers.set(name, async () => {
      await server.stop()
      await new Promise((resolve) => compiler.close(resolve))
    })
    return server.server.address().port
  },
  close: ({ name }) => servers.get(name)(),
  allocations: ({ root }) => allocations(root).map(({ service, port }) => ({ service, port })),
}
process.on('message', async ({ id, what, ...more }) => {
  try {
    process.send({ id, answer: (await does[what](more)) ?? null })
  } catch (error) {
    process.send({ id, error: String(error) })
  }
})
console.log('ready')
`

interface Answer {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

interface Process extends AsyncDisposable {
  readonly child: Child
  ask<T>(what: string, more: object): Promise<T>
}

/** The program, in a directory from which it finds the bundlers. */
async function startProcess(home: TempRoot): Promise<Process> {
  linkPackages(home.dir, {
    vite: 'vite',
    webpack: 'webpack',
    'webpack-dev-server': 'webpack-dev-server',
  })
  home.write({ 'program.mjs': PROGRAM })
  const child = startNode(['program.mjs'], {
    cwd: home.dir,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  await child.sees(/ready/)
  const answers = new Map<number, Answer>()
  child.process.on('message', (message: Answer) => answers.set(message.id, message))
  let asked = 0
  return {
    child,
    async ask<T>(what: string, more: object) {
      const id = asked++
      child.process.send({ id, what, ...more })
      const { answer, error } = await until(() => answers.get(id), 30_000, `${what} answered`)
      if (error) throw new Error(`${what}: ${error}\n${child.output()}`)
      return answer as T
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

function app(): TempRoot {
  const root = tempRoot('vite-app')
  root.write({ 'main.js': 'document.title = "app"\n' })
  return root
}

function envOf(root: TempRoot): NodeJS.Dict<string> {
  return parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
}

async function summarise({ ask }: Process, root: TempRoot): Promise<string[]> {
  const found = await ask<Pick<Allocation, 'service' | 'port'>[]>('allocations', { root: root.dir })
  return found.map(({ service, port }) => `${service} ${port}`).toSorted()
}

test('two Vite and two webpack servers of one root: four ports, one block, counted users', async () => {
  const [from, to] = await freeRange(8)
  const dev = { range: [from, to - 2] }
  const [api, worker] = [to - 1, to]
  using home = tempRoot()
  using root = app()
  await using process = await startProcess(home)
  const vite = { root: root.dir, services: { dev, api } }
  const webpack = { root: root.dir, services: { dev, worker, api } }
  // At once: they choose side by side.
  const ports = await Promise.all([
    process.ask<number>('vite', { name: 'v1', ...vite }),
    process.ask<number>('webpack', { name: 'w1', ...webpack }),
    process.ask<number>('vite', { name: 'v2', ...vite }),
    process.ask<number>('webpack', { name: 'w2', ...webpack }),
  ])
  const [v1, w1, v2, w2] = ports
  expect(ports.toSorted()).toEqual([from, from + 1, from + 2, from + 3])
  const env = envOf(root)
  expect(env).toMatchObject({ API_PORT: String(api), WORKER_PORT: String(worker) })
  expect(ports).toContain(Number(env.DEV_PORT))
  const text = readFileSync(join(root.dir, '.env.local'), 'utf8')
  expect(text.match(/^(DEV|API|WORKER)_PORT=/gm)).toHaveLength(3)
  const shared = [`api ${api}`, `worker ${worker}`]
  expect(await summarise(process, root)).toEqual(
    [...ports.map((port) => `dev ${port}`), ...shared].toSorted(),
  )
  for (const port of ports) expect((await fetch(`http://localhost:${port}/main.js`)).ok).toBe(true)

  await process.ask('close', { name: 'v1' })
  await process.ask('close', { name: 'w1' })
  await until(async () => (await isFree(v1)) && isFree(w1))
  expect(await summarise(process, root)).toEqual([`dev ${v2}`, `dev ${w2}`, ...shared].toSorted())
  expect(await whoHolds(api)).toMatchObject({ via: 'lease', root: root.dir })
  for (const port of [v2, w2]) {
    expect((await fetch(`http://localhost:${port}/main.js`)).ok).toBe(true)
  }
  await process.ask('close', { name: 'w2' })
  // `worker` was webpack's alone; `api` is Vite's too.
  await until(async () => (await whoHolds(worker)) === undefined)
  expect(await summarise(process, root)).toEqual([`api ${api}`, `dev ${v2}`])
  await process.ask('close', { name: 'v2' })
  expect(await summarise(process, root)).toEqual([])
  for (const port of [...ports, api, worker]) {
    await until(async () => (await whoHolds(port)) === undefined && isFree(port))
  }
  // What one server writes into the block is no edit for the other ones.
  expect(process.child.output()).not.toMatch(/restarting/)
})

test('Vite and webpack servers of two roots never share a port', async () => {
  const [from, to] = await freeRange(10)
  const services = { dev: { range: [from, to] }, api: { range: [from, to] } }
  using home = tempRoot()
  using one = app()
  using two = app()
  await using process = await startProcess(home)
  const devs = await Promise.all(
    [one, two].flatMap((root, index) =>
      ['vite', 'webpack'].map((what) =>
        process.ask<number>(what, { name: `${what}${index}`, root: root.dir, services }),
      ),
    ),
  )
  const apis = [one, two].map((root) => Number(envOf(root).API_PORT))
  expect(new Set([...devs, ...apis]).size).toBe(6)
  for (const [index, root] of [one, two].entries()) {
    const own = devs.slice(index * 2, index * 2 + 2)
    expect(own).toContain(Number(envOf(root).DEV_PORT))
    expect(await summarise(process, root)).toEqual(
      [...own.map((port) => `dev ${port}`), `api ${apis[index]}`].toSorted(),
    )
  }
  await process.ask('close', { name: 'vite0' })
  await process.ask('close', { name: 'webpack0' })
  expect(await summarise(process, one)).toEqual([])
  await until(async () => (await whoHolds(apis[0] ?? 0)) === undefined)
  for (const port of devs.slice(2)) {
    expect((await fetch(`http://localhost:${port}/main.js`)).ok).toBe(true)
  }
  expect(await whoHolds(apis[1] ?? 0)).toMatchObject({ via: 'lease', root: two.dir })
  expect(process.child.output()).not.toMatch(/restarting/)
})

test('a Vite server in a worker thread and programs in the main one never share a port', async () => {
  const [from, to] = await freeRange(8)
  const range = JSON.stringify([from, to])
  using root = app()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'worker.mjs': `import { parentPort } from 'node:worker_threads'
import { createServer } from 'vite'
import ports from 'unplugin-ports/vite'
const services = { dev: { range: ${range} }, api: { range: ${range} } }
const server = await createServer({ configFile: false, logLevel: 'info', plugins: [ports({ services })] })
await server.listen()
parentPort.postMessage(server.httpServer.address().port)
`,
    'main.mjs': `import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { reserve } from 'unplugin-ports/api'
const take = async () => (await reserve({ services: { web: { range: ${range} } } })).services.web.port
const worker = new Worker(new URL('worker.mjs', import.meta.url))
// Before, while and after the worker chooses.
const webs = [await take()]
const started = once(worker, 'message')
webs.push(...(await Promise.all([take(), take()])))
const [dev] = await started
webs.push(await take())
console.log(JSON.stringify({ dev, webs }))
process.once('message', async () => {
  await worker.terminate()
  console.log('terminated')
  process.on('message', () => {})
})
`,
  })
  await using child = startNode(['main.mjs'], {
    cwd: root.dir,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const line = (await child.sees(/^\{.*\}$/m))[0]
  const { dev, webs } = JSON.parse(line) as { dev: number; webs: number[] }
  const api = Number(envOf(root).API_PORT)
  expect(new Set([dev, api, ...webs]).size).toBe(6)
  expect((await fetch(`http://localhost:${dev}/main.js`)).ok).toBe(true)
  expect(await whoHolds(api)).toMatchObject({ service: 'api', pid: child.pid })
  child.process.send('terminate')
  await child.sees(/terminated/)
  // What the thread had is gone with it; what the main thread holds is not.
  await until(async () => (await isFree(dev)) && (await whoHolds(api)) === undefined)
  for (const web of webs) expect(await accepts(web)).toBe(true)
})

test('Vite servers of one root in two threads leave each other and the block alone', async () => {
  const [from, to] = await freeRange(4)
  using root = app()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'worker.mjs': `import { parentPort } from 'node:worker_threads'
import { createServer } from 'vite'
import ports from 'unplugin-ports/vite'
const services = { dev: { range: [${from}, ${to}] } }
const server = await createServer({ configFile: false, clearScreen: false, plugins: [ports({ services })] })
await server.listen()
parentPort.postMessage(server.httpServer.address().port)
`,
    'main.mjs': `import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
for (const name of ['one', 'two']) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url))
  console.log(name, (await once(worker, 'message'))[0])
}
`,
  })
  await using child = startNode(['main.mjs'], { cwd: root.dir })
  await child.sees(new RegExp(`one ${from}$`, 'm'))
  const block = readFileSync(join(root.dir, '.env.local'), 'utf8')
  await child.sees(new RegExp(`two ${from + 1}$`, 'm'))
  expect(readFileSync(join(root.dir, '.env.local'), 'utf8')).toBe(block)
  // Had the file changed, the first one's watcher would have restarted it before it sees this one.
  root.write({ 'probe.js': 'export default 1' })
  await until(async () => (await fetch(`http://localhost:${from}/probe.js`)).ok)
  expect(child.output()).not.toContain('restart')
})

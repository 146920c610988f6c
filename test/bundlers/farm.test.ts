import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { echo, get, refusal } from '../_utils/http.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { farmHost, farmUrl, scriptPath, startFarm } from './_hosts/farm.ts'
import { appOf, envOf } from './_suite.ts'

const rivalProgram = join(repo, 'test/fixtures/programs/rival.mjs')
const apiProgram = join(repo, 'test/fixtures/programs/api.mjs')

const options = (services: object): string => JSON.stringify({ services })

/** The text of `~ports` as the page at this port gets it. */
async function services(port: number): Promise<string> {
  const page = new URL(`http://localhost:${port}/`)
  return (await get(new URL(await scriptPath(page), page).href)).text
}

/** Writes `.env`, which Farm watches, and waits for the server that it starts then. */
async function restart(root: TempRoot, child: Child, env: string): Promise<void> {
  const before = child.output().length
  root.write({ '.env': env })
  await until(() =>
    /\.env changed, server will restart[^]*Ready in/.test(child.output().slice(before)),
  )
}

test('a restart keeps the ports without a gap, and goes by what has changed', async () => {
  const [from, to] = await freeRange(4)
  using root = appOf(farmHost, {
    server: { port: from },
    ports: options({
      hmr: { separate: true, preferred: from + 1 },
      api: { preferred: to - 1, proxy: '/api' },
    }),
  })
  root.write({ '.env': `API_PORT=${to - 1}` })
  await using child = startFarm(root.dir)
  await farmUrl(child)
  await child.sees(/api +\d+ +/)
  await using rival = startNode([rivalProgram, String(from)])
  await using other = startNode([rivalProgram, String(from + 1)])
  await rival.sees(/tries [1-9]\d\d/)
  await other.sees(/tries [1-9]\d\d/)

  await restart(root, child, `API_PORT=${to}`)
  await child.sees(new RegExp(`Ports:[^]*Ports:[^]*api +${to} +.*from API_PORT in .env`))
  await until(async () => (await services(from)).includes(`http://localhost:${to}`))
  expect((await get(`http://localhost:${from}/api/x`)).text).toContain(`port ${to}`)
  expect((await get(`http://localhost:${from + 1}/`)).status).toBe(426)
  expect(envOf(root)).toMatchObject({ DEV_PORT: String(from), API_PORT: String(to) })

  // Once more, with nothing of ours changed, so nothing is printed again.
  await restart(root, child, `API_PORT=${to}\nOTHER=1`)
  await until(async () => (await get(`http://localhost:${from}/`)).status === 200)
  expect(child.output().match(/Ports:/g), child.output()).toHaveLength(2)
  expect(child.output()).not.toMatch(/in use|EADDR|error:/i)
  expect(rival.output() + other.output()).not.toContain('won')

  await child.end('SIGTERM')
  await rival.sees(new RegExp(`won ${from}`))
  await other.sees(new RegExp(`won ${from + 1}`))
})

test('a port that is moved while it runs leaves the old one free', async () => {
  const [from, to] = await freeRange(3)
  using root = appOf(farmHost, { server: { port: from } })
  root.write({ '.env': 'A=1' })
  await using child = startFarm(root.dir)
  await farmUrl(child)
  await restart(root, child, `DEV_PORT=${to}`)
  await child.sees(new RegExp(`dev +http://localhost:${to}/ +.*from DEV_PORT in .env`))
  await until(async () => (await get(`http://localhost:${to}/`)).status === 200)
  await until(() => isFree(from))
  expect(envOf(root).DEV_PORT).toBe(String(to))
})

test('each WebSocket reaches the service of its path, and HMR is not bothered', async () => {
  const [from, to] = await freeRange(4)
  using root = appOf(farmHost, {
    server: { port: from },
    ports: options({
      api: { preferred: to, proxy: '/api' },
      chat: { preferred: to - 1, proxy: { '^/ch.t': {} } },
    }),
  })
  await using child = startFarm(root.dir)
  const { origin } = await farmUrl(child)
  await using api = startNode([apiProgram, 'api'], { cwd: root.dir })
  await using chat = startNode([apiProgram, 'chat'], {
    cwd: root.dir,
    env: { API_PORT: String(to - 1) },
  })
  await api.sees(new RegExp(`api on ${to}`))
  await chat.sees(new RegExp(`api on ${to - 1}`))
  // A request first: it is after one that a proxy may begin to listen for WebSockets by itself.
  expect((await get(`${origin}/chat/x`)).text).toContain('"chat"')
  expect((await get(`${origin}/api/x`)).text).toContain('"api"')
  expect(await echo(`${origin}/chat/ws`, 'one')).toBe('chat: one')
  expect(await echo(`${origin}/api/ws`, 'two')).toBe('api: two')
  await chat.end()
  expect(await refusal(`${origin}/chat/ws`)).toBe(502)
  expect(child.output()).not.toContain('HMR upgrade failed')
})

test('a service that moves is followed, over HTTP and WebSocket', async () => {
  const [from, to] = await freeRange(4)
  using root = appOf(farmHost, {
    server: { port: from },
    // Farm watches the env file and would start the next server meanwhile.
    ports: JSON.stringify({
      env: false,
      services: { api: { range: [to - 1, to], proxy: '/api' } },
    }),
  })
  root.write({ 'server.mjs': PROGRAM })
  await using child = startNode(['server.mjs'], { cwd: root.dir })
  await child.sees(/serving/)
  const url = `http://localhost:${from}/api/x`
  const startApi = (name: string, port: number): Child =>
    startNode([apiProgram, name], { cwd: root.dir, env: { API_PORT: String(port) } })
  await using old = startApi('old', to - 1)
  await old.sees(/api on/)
  expect((await get(url)).text).toContain('"old"')
  expect(await echo(url, 'hello')).toBe('old: hello')
  child.process.kill('SIGHUP')
  await child.sees(/moved/)
  expect((await get(url)).text).toContain(`nothing answers on port ${to}`)
  await using next = startApi('next', to)
  await next.sees(/api on/)
  expect((await get(url)).text).toContain('"next"')
  expect(await echo(url, 'hello')).toBe('next: hello')
})

test("another checkout's API is refused by name, over HTTP and WebSocket", async () => {
  const [from, to] = await freeRange(3)
  using root = appOf(farmHost, {
    server: { port: from },
    ports: options({ api: { preferred: to, proxy: '/api' } }),
  })
  using other = tempRoot()
  for (const { dir } of [root, other]) execFileSync('git', ['init', '-q', '-b', 'feature-x', dir])
  await using child = startFarm(root.dir)
  const { origin } = await farmUrl(child)
  await using foreign = startNode([apiProgram, 'foreign'], {
    cwd: other.dir,
    env: { API_PORT: String(to) },
  })
  await foreign.sees(/api on/)
  const refused = await get(`${origin}/api/x`)
  expect(refused.status).toBe(502)
  expect(refused.text).toContain(`port ${to} is served by node api.mjs foreign in ../`)
  expect(await refusal(`${origin}/api/ws`)).toBe(502)
})

test('the branch goes before the title', async () => {
  const port = await freePort()
  using root = appOf(farmHost, { server: { port }, ports: '{ titlePrefix: true }' })
  execFileSync('git', ['init', '-q', '-b', 'feature-$&', root.dir])
  root.write({
    'index.html':
      '<!doctype html><html><head><title>Shöp</title></head><body><script src="./main.js"></script></body></html>',
  })
  await using child = startFarm(root.dir)
  const { origin } = await farmUrl(child)
  expect((await get(`${origin}/`)).text).toContain('<title>[feature-$&amp;] Shöp</title>')
})

test('~ports is never the one of the last start', async () => {
  const [from] = await freeRange(4)
  using root = appOf(farmHost, { server: { port: from } })
  await using first = startFarm(root.dir)
  await farmUrl(first)
  expect(await services(from)).toContain(`http://localhost:${from}`)
  await first.end('SIGTERM')

  await using _taken = await occupy(undefined, from)
  await using second = startFarm(root.dir)
  expect(Number((await farmUrl(second)).port)).toBe(from + 1)
  const text = await services(from + 1)
  expect(text).toContain(`http://localhost:${from + 1}`)
  expect(text).not.toContain(`http://localhost:${from}"`)
})

test('another host for HMR gets a held port there', async () => {
  const [from, to] = await freeRange(3)
  using root = appOf(farmHost, {})
  root.write({
    'farm.config.mjs': `import ports from 'unplugin-ports/farm'
export default {
  compilation: { input: { index: './index.html' } },
  plugins: [ports()],
  server: { port: ${from}, hmr: { host: '127.0.0.1', port: ${to} } },
}`,
  })
  await using child = startFarm(root.dir)
  const { origin } = await farmUrl(child)
  await child.sees(new RegExp(`hmr +${to} +preferred`))
  expect((await get(`http://127.0.0.1:${to}/`)).status).toBe(426)
  const page = (await get(origin)).text
  expect(page).toContain(`Number(${to})`)
  expect(page).toMatch(/hmrHost = .*"127\.0\.0\.1"/)
})

test('FARM_DEV_SERVER_PORT counts as typed', async () => {
  const [from, to] = await freeRange(3)
  using root = appOf(farmHost, { server: { port: from } })
  await using child = startFarm(root.dir, ['start'], { FARM_DEV_SERVER_PORT: String(to) })
  expect(Number((await farmUrl(child)).port)).toBe(to)
  await child.sees(/dev .*from FARM_DEV_SERVER_PORT/)
})

test('FARM_DEV_SERVER_PORT that is busy does not stop it', async () => {
  await using taken = await occupy()
  const port = await freePort()
  using root = appOf(farmHost, { server: { port } })
  await using child = startFarm(root.dir, ['start'], { FARM_DEV_SERVER_PORT: String(taken.port) })
  expect(Number((await farmUrl(child)).port)).toBe(port)
  expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
})

test('a build has no ports and writes none', async () => {
  const port = await freePort()
  using root = appOf(farmHost, { server: { port } })
  await using child = startFarm(root.dir, ['build'])
  expect((await child.ended).code).toBe(0)
  expect(existsSync(join(root.dir, 'dist/index.html'))).toBe(true)
  expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  expect(child.output()).not.toContain('Ports:')
})

test('a program that closes its server gets its ports back', async () => {
  const [from, to] = await freeRange(3)
  using root = appOf(farmHost, {
    server: { port: from },
    ports: options({ hmr: { separate: true, preferred: to } }),
  })
  root.write({ 'server.mjs': PROGRAM })
  await using child = startNode(['server.mjs'], { cwd: root.dir })
  await child.sees(/serving/)
  expect((await get(`http://localhost:${from}/`)).text).toContain('<h1>app</h1>')
  expect(await isFree(to)).toBe(false)
  child.process.kill('SIGUSR2')
  await child.sees(/closed/)
  await until(async () => (await isFree(from)) && (await isFree(to)))
  expect(child.process.exitCode).toBeNull()
})

const PROGRAM = `import { createCompiler, createDevServer, Logger, resolveConfig } from '@farmfe/core'
import { move } from 'unplugin-ports/api'

const logger = new Logger()
const config = await resolveConfig({ configPath: process.cwd() }, 'development', logger)
const server = await createDevServer(await createCompiler(config, logger), config, logger)
await server.listen()
setInterval(() => {}, 1000)
process.once('SIGHUP', async () => {
  await move('api')
  console.log('moved')
})
process.once('SIGUSR2', async () => {
  await server.close()
  console.log('closed')
})
console.log('serving')
`

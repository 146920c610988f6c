import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { cliFile, project, runCli, runJson, startSession } from '../_utils/cli.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const node = process.execPath
const server = join(repo, 'test/fixtures/servers/http.mjs')
const WAIT = 'console.log("env " + JSON.stringify(process.env)); setInterval(() => {}, 1000)'

let shop: TempRoot
let port: number
beforeEach(async () => {
  shop = project()
  ;[port] = await freeRange(8)
  return () => shop[Symbol.dispose]()
})

const writeConfig = (config: object): void =>
  shop.write({ 'ports.config.json': JSON.stringify(config) })
const startRun = (args: readonly string[], env: Record<string, string> = {}): Child =>
  startNode([cliFile, 'run', ...args], { cwd: shop.dir, env })
const showEnv = (args: readonly string[], env?: Record<string, string>): Child =>
  startRun([...args, node, '-e', WAIT], env)
async function envOf(child: Child): Promise<NodeJS.ProcessEnv> {
  const [, text = ''] = await child.sees(/^env (.*)$/m)
  return JSON.parse(text) as NodeJS.ProcessEnv
}

describe('a config file', () => {
  test('gives the service its options, and what is typed wins', async () => {
    writeConfig({
      services: { api: { preferred: port, env: 'SERVER_PORT', host: '127.0.0.1' } },
    })
    await using child = showEnv(['--name', 'api'])
    expect(await envOf(child)).toMatchObject({
      PORT: String(port),
      SERVER_PORT: String(port),
      API_URL: `http://127.0.0.1:${port}`,
    })
    await using typed = showEnv([
      '--name',
      'api',
      '--port',
      String(port + 1),
      '--host',
      'localhost',
    ])
    expect(await envOf(typed)).toMatchObject({
      SERVER_PORT: String(port + 1),
      API_URL: `http://localhost:${port + 1}`,
    })
    const range = `${port + 2}-${port + 3}`
    await using ranged = showEnv(['--name', 'api', '--range', range])
    expect((await envOf(ranged)).PORT).toBe(String(port + 2))
    await using said = showEnv(['--name', 'api'], { SERVER_PORT: String(port + 4) })
    expect((await envOf(said)).PORT).toBe(String(port + 4))
  })

  test('with several ports of one service holds all of them', async () => {
    writeConfig({ services: { api: { preferred: port, count: 2, contiguous: true } } })
    await using child = showEnv(['--name', 'api'])
    expect(await envOf(child)).toMatchObject({
      PORT: String(port),
      API_PORT: String(port),
      API_PORT_2: String(port + 1),
    })
    const { ports } = await runJson<{ ports: { port: number; state: string; here: boolean }[] }>(
      [],
      { cwd: shop.dir },
    )
    expect(
      ports.filter(({ state, here }) => here && state === 'held').map((row) => row.port),
    ).toEqual([port, port + 1])
  })

  test('that is wrong is told with file and key, and nothing is started', async () => {
    writeConfig({ services: { api: { preferred: 'x' } } })
    const { code, stderr } = await runCli(['run', node, '-e', 'console.log("started")'], {
      cwd: shop.dir,
    })
    expect(code).toBe(EXIT.failed)
    expect(stderr).toMatch(/ports\.config\.json:\d+[^]*services\.api\.preferred/)
    expect(stderr).not.toContain('started')
  })
})

describe('siblings', () => {
  test('of the config are known before they run, and start where they were said to', async () => {
    writeConfig({
      services: { web: { preferred: port }, api: { preferred: port + 1, env: 'BACKEND_PORT' } },
    })
    await using web = showEnv(['--name', 'web'])
    expect(await envOf(web)).toMatchObject({
      PORT: String(port),
      BACKEND_PORT: String(port + 1),
      API_URL: `http://localhost:${port + 1}`,
    })
    await using api = startRun(['--name', 'api', node, server])
    expect(await until(async () => (await get(`http://localhost:${port + 1}/`)).text)).toMatch(
      /^http\.mjs/,
    )
    const { stdout } = await runCli(['env'], { cwd: shop.dir })
    expect(parseEnv(stdout)).toMatchObject({
      WEB_PORT: String(port),
      BACKEND_PORT: String(port + 1),
    })
    // Each ends its own command only.
    expect((await runCli(['stop', 'api'], { cwd: shop.dir })).code).toBe(EXIT.ok)
    await api.ended
    expect(web.process.exitCode).toBeNull()
    // And then it is kept free again, for the next start.
    await until(async () => {
      const { ports } = await runJson<{ ports: { service?: string; state: string }[] }>([], {
        cwd: shop.dir,
      })
      return ports.find(({ service }) => service === 'api')?.state === 'waiting'
    })
  })

  test('that a bundler’s plugin waits for get the port that its proxy goes to', async () => {
    await using session = await startSession(shop.dir, `leased:api=${port}`)
    await using api = startRun(['--name', 'api', node, server])
    await api.sees(new RegExp(`api on http://localhost:${port}`))
    expect(await until(async () => (await get(`http://localhost:${port}/`)).text)).toMatch(
      /^http\.mjs/,
    )
    await using typed = startRun(['--name', 'api', '--port', String(port + 1), node, server])
    expect(session.process.exitCode).toBeNull()
    await typed.sees(new RegExp(`api on http://localhost:${port + 1}`))
  })

  test('inside, a plugin that reads the same file says that its API is still to come', async () => {
    writeConfig({ services: { dev: { preferred: port }, api: { preferred: port + 1 } } })
    shop.write({
      'vite.config.js': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports()] }`,
      'index.html': '<p>inside</p>',
    })
    const vite = join(repo, 'node_modules/vite/bin/vite.js')
    await using child = startRun(['--name', 'dev', node, vite])
    await child.sees(/api +\d+ +/)
    expect(child.output()).toMatch(
      new RegExp(`api +${port + 1} +from API_PORT .*start it on API_PORT`),
    )
    expect(child.output()).not.toContain('already running')
    expect(parseEnv(readFileSync(join(shop.dir, '.env.local'), 'utf8'))).toMatchObject({
      DEV_PORT: String(port),
      API_PORT: String(port + 1),
    })
  })
})

describe('questions', () => {
  test('about services that only the file knows say so, and name the nearest', async () => {
    writeConfig({ services: { api: {}, worker: {} } })
    const explain = await runCli(['explain', 'api'], { cwd: shop.dir })
    expect(explain).toMatchObject({ code: EXIT.failed })
    expect(explain.stderr).toContain('"api"')
    expect(explain.stderr).toContain('ports run --name api')
    const typo = await runCli(['who', 'wroker'], { cwd: shop.dir })
    expect(typo.stderr).toContain('Did you mean "worker"?')
  })

  test('`wait --healthy` asks for the page that the file names', async () => {
    writeConfig({ services: { api: { preferred: port, health: '/ready' } } })
    shop.write({
      'api.mjs': `import { createServer } from 'node:http'
let ready = false
createServer((request, response) => {
  console.log('asked ' + request.url)
  response.writeHead(request.url === '/ready' && !ready ? 503 : 200).end()
}).listen(process.env.PORT)
process.on('SIGUSR2', () => { ready = true })
console.log('up ' + process.pid)`,
    })
    await using api = startRun(['--name', 'api', node, 'api.mjs'])
    const [, pid] = await api.sees(/up (\d+)/)
    await using waiting = startNode([cliFile, 'wait', 'api', '--healthy'], { cwd: shop.dir })
    await api.sees(/asked \/ready/)
    expect(waiting.process.exitCode).toBeNull()
    process.kill(Number(pid), 'SIGUSR2')
    expect((await waiting.ended).code).toBe(EXIT.ok)
  })
})

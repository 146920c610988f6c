import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseEnv } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { cliFile, project, runCli, runJson } from '../_utils/cli.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

// Stands for the docker CLI: says what it was started with, and lists the recorded containers.
const DOCKER = `#!${process.execPath}
const { connect } = require('node:net')
const { existsSync, readFileSync, appendFileSync } = require('node:fs')
const { join } = require('node:path')
const here = (name) => join(__dirname, name)
const args = process.argv.slice(2)
if (args[0] === 'ps') {
  if (existsSync(here('ps.jsonl'))) process.stdout.write(readFileSync(here('ps.jsonl')))
  process.exit(0)
}
const { DB_PORT = '', CACHE_PORT = '', API_PORT = '' } = process.env
console.log('docker ' + JSON.stringify({ args, DB_PORT, CACHE_PORT, API_PORT }))
if (process.env.FAKE_EXIT) process.exit(Number(process.env.FAKE_EXIT))
appendFileSync(here('calls'), DB_PORT + '\\n')
const wait = setInterval(() => {
  if (process.env.FAKE_WAITS && !existsSync(here('go'))) return
  clearInterval(wait)
  const socket = connect(Number(DB_PORT), '127.0.0.1')
  socket.on('connect', () => { console.log('Bind for 0.0.0.0:' + DB_PORT + ' failed: port is already allocated'); process.exit(1) })
  socket.on('error', () => process.exit(0))
}, 20)
`

let shop: TempRoot
let bin: string
let port: number
let env: Record<string, string>
beforeEach(async () => {
  shop = project()
  shop.write({ 'bin/docker': DOCKER, 'bin/package.json': '{ "type": "commonjs" }' })
  bin = join(shop.dir, 'bin')
  chmodSync(join(bin, 'docker'), 0o755)
  env = { PATH: `${bin}${delimiter}${process.env.PATH}`, DB_PORT: '', CACHE_PORT: '', API_PORT: '' }
  ;[port] = await freeRange(6)
  return () => shop[Symbol.dispose]()
})

const composeFile = (text: string): void => shop.write({ 'compose.yaml': text })
const variableDb = (): void =>
  composeFile(
    `services:\n  db:\n    image: postgres\n    ports:\n      - "\${DB_PORT:-${port}}:5432"\n`,
  )
const up = (more: Record<string, string> = {}): Child =>
  startNode([cliFile, 'run', '--', 'docker', 'compose', 'up', '-d'], {
    cwd: shop.dir,
    env: { ...env, ...more },
  })
/** What the docker CLI was started with last. */
async function started(child: Child): Promise<Record<string, unknown>> {
  const [, text = ''] = await child.sees(/.*^docker (\{.*\})$/ms)
  return JSON.parse(text) as Record<string, unknown>
}
const container = (directory: string, at: number): void =>
  writeFileSync(
    join(bin, 'ps.jsonl'),
    `${JSON.stringify({
      Names: 'shop-db-1',
      Image: 'postgres:16',
      Ports: `0.0.0.0:${at}->5432/tcp`,
      Labels: `com.docker.compose.project=shop,com.docker.compose.service=db,com.docker.compose.project.working_dir=${directory}`,
    })}\n`,
  )
/** A listener that works in no checkout, as Docker's proxy does. */
async function proxyOn(at: number): Promise<Child> {
  const code = `require('net').createServer().listen(${at}, () => console.log('listening'))`
  const child = startNode(['-e', code], { cwd: '/' })
  await child.sees(/listening/)
  return child
}

describe('ports run -- docker compose up', () => {
  test('sets what a variable says to a free port, and tells', async () => {
    variableDb()
    await using first = up()
    expect(await started(first)).toMatchObject({
      args: ['compose', 'up', '-d'],
      DB_PORT: String(port),
    })
    expect((await first.ended).code).toBe(0)
    expect(first.output()).toContain(`ports: db on ${port} (DB_PORT)`)
    await using _busy = await occupy(undefined, port)
    await using second = up()
    expect(Number((await started(second)).DB_PORT)).toBeGreaterThan(port)
    expect(second.output()).toMatch(new RegExp(`DB_PORT; ${port} held by .*pid ${process.pid}`))
    expect((await second.ended).code).toBe(0)
  })

  test('leaves what a person says alone, passes the exit code, and gives siblings their ports', async () => {
    variableDb()
    shop.write({
      'ports.config.json': JSON.stringify({ services: { api: { preferred: port + 2 } } }),
    })
    await using child = up({ DB_PORT: String(port + 1), FAKE_EXIT: '7' })
    expect(await started(child)).toMatchObject({
      DB_PORT: String(port + 1),
      API_PORT: String(port + 2),
    })
    expect((await child.ended).code).toBe(7)
  })

  test('knows its own running containers by the docker CLI, and others’ as well', async () => {
    variableDb()
    await using first = up()
    expect((await first.ended).code).toBe(0)
    await using _proxy = await proxyOn(port)
    container(shop.dir, port)
    await using again = up({ FAKE_EXIT: '0' })
    expect((await started(again)).DB_PORT).toBe(String(port))
    expect(again.output()).toContain('running already')
    await again.ended
    using other = project()
    container(other.dir, port)
    await using elsewhere = up({ FAKE_EXIT: '0' })
    expect((await started(elsewhere)).DB_PORT).not.toBe(String(port))
    await elsewhere.ended
  })

  test('starts again on the next port when somebody was faster', async () => {
    variableDb()
    await using child = up({ FAKE_WAITS: '1' })
    await until(() => existsSync(join(bin, 'calls')))
    await using _stranger = await occupy('127.0.0.1', port)
    writeFileSync(join(bin, 'go'), '')
    expect((await child.ended).code).toBe(0)
    expect(child.output()).toMatch(new RegExp(`was faster on ${port}; Compose is started again`))
    const calls = readFileSync(join(bin, 'calls'), 'utf8').trim().split('\n').map(Number)
    expect(calls).toHaveLength(2)
    expect(calls[1]).toBeGreaterThan(port)
  })

  test('goes on with a file that is wrong, and says where', async () => {
    composeFile('services:\n  db:\n    ports:\n      - "x:1"\n      - "${DB_PORT}:5432"\n')
    await using child = up({ FAKE_EXIT: '0' })
    expect(Number((await started(child)).DB_PORT)).toBeGreaterThan(0)
    expect(child.output()).toMatch(/compose\.yaml:4 .*"x:1" is no port/)
    await child.ended
  })

  test('without Docker says that there is no such command; with a flag that makes no sense, that', async () => {
    variableDb()
    const PATH = join(shop.dir, 'empty')
    const none = await runCli(['run', '--', 'docker', 'compose', 'up'], {
      cwd: shop.dir,
      env: { ...env, PATH },
    })
    expect(none).toMatchObject({ code: 127 })
    expect(none.stderr).toContain('docker: no such command')
    const named = await runCli(['run', '--name', 'x', 'docker', 'compose', 'up'], {
      cwd: shop.dir,
      env,
    })
    expect(named).toMatchObject({ code: EXIT.usage })
    expect(named.stderr).toContain('set their variables')
  })
})

describe('ports compose', () => {
  test('lists what is published, also without Docker', async () => {
    composeFile(
      `services:\n  db: { ports: ["\${DB_PORT:-5432}:5432"] }\n  mail: { profiles: [x], ports: ["${port}:25"] }\n`,
    )
    const { code, stdout } = await runCli(['compose'], { cwd: shop.dir, env: { PATH: '' } })
    expect(code).toBe(EXIT.ok)
    expect(stdout).toMatch(/^db +5432 +DB_PORT, default 5432$/m)
    expect(stdout).toMatch(new RegExp(`^mail +25 +${port} fixed +only with --profile x$`, 'm'))
  })

  test('reports a fixed port that clashes, and the override mends it', async () => {
    composeFile(`services:\n  cache:\n    ports:\n      - "${port}:6379"\n`)
    await using _busy = await occupy(undefined, port)
    const found = await runCli(['compose'], { cwd: shop.dir, env })
    expect(found.code).toBe(EXIT.failed)
    expect(found.stderr).toContain(`compose.yaml:4: "cache" publishes ${port}, where `)
    expect(found.stderr).toContain(`Write "\${CACHE_PORT:-${port}}:6379" there`)
    const { services } = await runJson<{ services: { ports: { clash?: object }[] }[] }>(
      ['compose'],
      {
        cwd: shop.dir,
        env,
      },
    )
    expect(services[0]?.ports[0]?.clash).toMatchObject({ port })
    const write = ['compose', '--override', '--write', 'compose.override.yaml']
    expect((await runCli(write, { cwd: shop.dir, env })).code).toBe(EXIT.ok)
    const text = readFileSync(join(shop.dir, 'compose.override.yaml'), 'utf8')
    expect(text).toContain(`ports: !override\n      - "\${CACHE_PORT:-${port}}:6379"`)
    await using child = up({ FAKE_EXIT: '0' })
    const { CACHE_PORT } = await started(child)
    expect(Number(CACHE_PORT)).toBeGreaterThan(port)
    await child.ended
    shop.write({ 'compose.override.yaml': 'services: {}\n' })
    const refused = await runCli(write, { cwd: shop.dir, env })
    expect(refused.code).toBe(EXIT.failed)
    expect(refused.stderr).toContain('was not written by')
    expect(readFileSync(join(shop.dir, 'compose.override.yaml'), 'utf8')).toBe('services: {}\n')
  })

  test('tells what is wrong with file and line', async () => {
    composeFile('services:\n  db:\n    ports: [\n')
    const { code, stderr } = await runCli(['compose'], { cwd: shop.dir, env })
    expect(code).toBe(EXIT.failed)
    expect(stderr).toMatch(/compose\.yaml:\d+ is no YAML/)
    const none = await runCli(['compose', '-f', 'nowhere.yaml'], { cwd: shop.dir, env })
    expect(none.stderr).toContain("nowhere.yaml can't be read (ENOENT)")
  })
})

test('a plugin with `compose` writes the variables and shows the services', async () => {
  variableDb()
  shop.write({
    'vite.config.js': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports({ compose: true, services: { db: { description: 'orders' } } })] }`,
    'index.html': '<p>app</p>',
  })
  const vite = join(repo, 'node_modules/vite/bin/vite.js')
  await using child = startNode([vite, '--port', String(port + 3)], {
    cwd: shop.dir,
    env: { ...env, COLUMNS: '160' },
  })
  await child.sees(new RegExp(`db +${port} .*orders`))
  const { DB_PORT, DB_URL } = parseEnv(readFileSync(join(shop.dir, '.env.local'), 'utf8'))
  expect([DB_PORT, DB_URL]).toEqual([String(port), undefined])
  // In another terminal Compose gets the port that the plugin keeps.
  await using compose = up()
  expect((await started(compose)).DB_PORT).toBe(String(port))
  expect((await compose.ended).code).toBe(0)
})

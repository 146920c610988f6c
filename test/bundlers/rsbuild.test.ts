import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Child, startNode } from '../_utils/children.ts'
import { freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const command = join(repo, 'node_modules/@rsbuild/core/bin/rsbuild.js')
const rival = join(repo, 'test/fixtures/programs/rival.mjs')

function app(server: object, ports: object = {}, more = ''): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, { '@rsbuild': '@rsbuild' })
  root.write({
    'package.json': '{ "type": "module" }',
    'src/index.js': `import { services } from '~ports'
document.body.append(JSON.stringify(services))`,
    'rsbuild.config.mjs': config(server, ports, more),
  })
  return root
}

function config(server: object, ports: object = {}, more = ''): string {
  return `import ports from 'unplugin-ports/rsbuild'
export default { plugins: [ports(${JSON.stringify(ports)})], server: ${JSON.stringify(server)}, ${more} }`
}

function rsbuild(
  root: TempRoot,
  args: string[] = ['dev'],
  env: Record<string, string> = {},
): Child {
  return startNode([command, ...args], { cwd: root.dir, env })
}

async function port(child: Child): Promise<number> {
  return Number((await child.sees(/Local:\s+https?:\/\/[^\s/]+:(\d+)\//))[1])
}

/** Everything that the page loads, in one text. */
async function scripts(url: string): Promise<string> {
  const page = await (await fetch(url)).text()
  const paths = [...page.matchAll(/src="([^"]+\.js)"/g)].map((match) => match[1])
  return (await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()))).join('\n')
}

const env = (root: TempRoot) => parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))

test('the dev server has its port, falls back, and says why', async () => {
  const [from, to] = await freeRange(3)
  await using _taken = await occupy('::1', from)
  using root = app({ port: from }, { services: { api: { preferred: to, proxy: '/api' } } })
  await using child = rsbuild(root)
  expect(await port(child)).toBe(from + 1)
  await child.sees(new RegExp(`dev +http://localhost:${from + 1}/ +fallback .*: ${from} held by`))
  expect((await fetch(`http://localhost:${from + 1}/`)).status).toBe(200)
  expect(await scripts(`http://localhost:${from + 1}`)).toContain(`http://localhost:${to}`)
  expect(env(root)).toMatchObject({ DEV_PORT: String(from + 1), API_PORT: String(to) })
  const missing = await fetch(`http://localhost:${from + 1}/api/x`)
  expect(missing.status).toBe(502)
  expect(await missing.text()).toContain(`API_PORT=${to} (in .env.local)`)
  await child.end('SIGTERM')
  expect(await isFree(from + 1)).toBe(true)
})

test('strict and busy: the error names who is there', async () => {
  await using taken = await occupy('127.0.0.1')
  using root = app({ port: taken.port, strictPort: true })
  await using child = rsbuild(root)
  expect((await child.ended).code).toBe(1)
  expect(child.output()).toContain(`"dev" may only use ${taken.port}`)
  expect(child.output()).toContain(`pid ${process.pid}`)
})

test('--port wins', async () => {
  const [from, to] = await freeRange(2)
  using root = app({ port: from })
  await using child = rsbuild(root, ['dev', '--port', String(to)], { PORT: String(from) })
  expect(await port(child)).toBe(to)
  await child.sees(/dev .*from --port/)
})

test('a request during the build waits, and a rival wins nothing then or in a restart', async () => {
  const [from] = await freeRange(1)
  const slow = `tools: { rspack: { plugins: [{ apply: (c) => c.hooks.beforeCompile.tapPromise('slow', () => {
    console.log('compiling'); return new Promise((resolve) => setTimeout(resolve, 1500)) }) }] } },`
  using root = app({ port: from }, {}, slow)
  await using child = rsbuild(root)
  await child.sees(/compiling/)
  await using other = startNode([rival, String(from)])
  await other.sees(/tries [1-9]\d\d/)
  expect((await fetch(`http://localhost:${from}/`)).status).toBe(200)
  root.write({ 'rsbuild.config.mjs': config({ port: from, headers: { a: 'b' } }, {}, slow) })
  await child.sees(/restarting server/)
  await until(async () => (await fetch(`http://localhost:${from}/`)).headers.get('a') === 'b')
  expect(other.output()).not.toContain('won')
  await child.end('SIGKILL')
  await other.sees(/won/)
})

test.each([
  ['there is none', undefined],
  ['it is outdated', 'OTHER=1\n'],
])('writing the env file restarts nothing (%s)', async (_, before) => {
  const [from, to] = await freeRange(4)
  const api = (port: number) => ({ services: { api: port } })
  using root = app({ port: from }, api(to - 2))
  if (before) root.write({ '.env.local': before })
  await using child = rsbuild(root)
  await port(child)
  await child.sees(/Ports:/)
  // The watcher tells of changes in their order: one of the env file would be first.
  for (const next of [to - 1, to]) {
    const text = config({ port: from, headers: { a: `${next}` } }, api(next))
    let writtenAt = -Infinity
    await until(async () => {
      // Written before the watcher is ready, it would go unnoticed.
      if (performance.now() - writtenAt > 2000) {
        root.write({ 'rsbuild.config.mjs': text })
        writtenAt = performance.now()
      }
      const response = await fetch(`http://localhost:${from}/`)
      return response.headers.get('a') === String(next)
    })
    expect(env(root).API_PORT).toBe(String(next))
    const restarts = [...child.output().matchAll(/restarting server as (\S+) changed/g)]
    expect(new Set(restarts.map(([, file]) => file))).toEqual(new Set(['rsbuild.config.mjs']))
  }
})

test('HMR over a port of its own', async () => {
  const [from, to] = await freeRange(2)
  using root = app({ port: from }, { services: { hmr: { separate: true, preferred: to } } })
  await using child = rsbuild(root)
  expect(await port(child)).toBe(from)
  await child.sees(new RegExp(`hmr +${to} `))
  expect(await scripts(`http://localhost:${from}`)).toMatch(new RegExp(`"?port"?:\\s*"?${to}`))
  expect((await fetch(`http://localhost:${to}/`)).status).toBe(426)
  await child.end('SIGINT')
  expect(await isFree(to)).toBe(true)
})

test('the proxy carries WebSockets', async () => {
  const [from, to] = await freeRange(2)
  using root = app({ port: from }, { services: { api: { preferred: to, proxy: '/api' } } })
  await using child = rsbuild(root)
  await port(child)
  await using api = startNode([join(repo, 'test/fixtures/programs/api.mjs'), 'mine'], {
    cwd: root.dir,
  })
  await api.sees(new RegExp(`api on ${to}`))
  const socket = new WebSocket(`ws://localhost:${from}/api/ws`)
  await once(socket, 'open')
  socket.send('hello')
  const [data] = (await once(socket, 'message')) as [Buffer]
  expect(data.toString()).toBe('mine: hello')
  socket.terminate()
})

test('rsbuild preview has a held port, a build has none', async () => {
  const [from] = await freeRange(1)
  using root = app({ port: from })
  await using build = rsbuild(root, ['build'])
  expect((await build.ended).code, build.output()).toBe(0)
  expect(build.output()).not.toMatch(/Ports:/)
  expect(() => statSync(join(root.dir, '.env.local'))).toThrow('ENOENT')
  await using child = rsbuild(root, ['preview'])
  expect(await port(child)).toBe(from)
  await child.sees(/preview +http:\/\/localhost:\d+\/ +preferred/)
  expect(env(root)).toMatchObject({ PREVIEW_PORT: String(from) })
  expect((await fetch(`http://localhost:${from}/`)).status).toBe(200)
  await child.end('SIGTERM')
  expect(await isFree(from)).toBe(true)
})

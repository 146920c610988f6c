import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { whoHolds } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freePort, freeRange, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite, type ViteName, VITES } from '../_utils/vite.ts'

const rivalProgram = join(repo, 'test/fixtures/programs/rival.mjs')
const apiProgram = join(repo, 'test/fixtures/programs/api.mjs')

/** A copy of the fixture app with this Vite and this config. */
function app(vite: ViteName, config: { server?: object; ports?: string; more?: string }): TempRoot {
  const root = tempRoot('vite-app')
  linkPackages(root.dir, { vite })
  root.write({ 'vite.config.mjs': configText(config) })
  return root
}

function configText(config: { server?: object; ports?: string; more?: string }): string {
  return `import ports from 'unplugin-ports/vite'
export default {
  plugins: [ports(${config.ports ?? ''})],
  server: ${JSON.stringify(config.server ?? {})},
  ${config.more ?? ''}
}
`
}

function envOf(root: TempRoot, file = '.env.local'): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(root.dir, file), 'utf8'))
}

async function fetchText(url: string): Promise<string> {
  return (await fetch(url, { headers: { accept: 'text/html' } })).text()
}

async function echo(url: string, message: string): Promise<string> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  socket.send(message)
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return data.toString()
}

/** Asks again and again until the server is there; what a browser tab does. */
function apiAt(root: TempRoot, name: string, env: Record<string, string> = {}): Child {
  return startNode([apiProgram, name], { cwd: root.dir, env })
}

describe.each(VITES)('%s', (vite) => {
  test('with no options the dev server has its port, in the env file and the summary', async () => {
    const port = await freePort()
    using root = app(vite, { server: { port } })
    root.write({ 'env.js': 'export default import.meta.env.VITE_HMR_PORT' })
    await using child = startVite(vite, root.dir)
    expect(await localPort(child)).toBe(port)
    await child.sees(/Ports:[^]*dev +http:\/\/localhost:\d+\/ +preferred \(1 attempt\)/)
    await child.sees(/hmr +shared with dev/)
    expect(await fetchText(`http://localhost:${port}/`)).toContain('<h1>app</h1>')
    expect(envOf(root)).toEqual({
      DEV_PORT: String(port),
      DEV_URL: `http://localhost:${port}`,
      VITE_HMR_PORT: String(port),
    })
    // The block was there before Vite read its env files.
    expect(await (await fetch(`http://localhost:${port}/env.js`)).text()).toContain(
      `"VITE_HMR_PORT": "${port}"`,
    )
    expect(child.output()).not.toMatch(/wildcard|warn|error/i)
    const { signal } = await child.end('SIGINT')
    expect(signal).toBe('SIGINT')
    expect(await isFree(port)).toBe(true)
  })

  const busy = hasIPv6 ? [undefined, '127.0.0.1', '::1'] : [undefined, '127.0.0.1']
  test.each(busy)('a port that is busy on %s alone is passed over', async (host) => {
    const [from] = await freeRange(3)
    await using _taken = await occupy(host, from)
    using root = app(vite, { server: { port: from } })
    await using child = startVite(vite, root.dir)
    const port = await localPort(child)
    expect(port).toBe(from + 1)
    await child.sees(
      new RegExp(`dev +http://localhost:${port}/ +fallback \\(2 attempts\\): ${from} held by`),
    )
    expect(await fetchText(`http://localhost:${port}/`)).toContain('<h1>app</h1>')
  })

  test('strictPort means strict: the error names who is there', async () => {
    await using taken = await occupy('127.0.0.1')
    using root = app(vite, { server: { port: taken.port, strictPort: true } })
    await using child = startVite(vite, root.dir)
    expect((await child.ended).code).toBe(1)
    expect(child.output()).toContain('PORTS_TAKEN')
    expect(child.output()).toContain(`"dev" may only use ${taken.port}`)
    expect(child.output()).toContain(`pid ${process.pid}`)
  })

  test('--port wins over PORT, and PORT over the config', async () => {
    const [from, to] = await freeRange(3)
    using root = app(vite, { server: { port: from } })
    {
      await using child = startVite(vite, root.dir, [], { PORT: String(from + 1) })
      expect(await localPort(child)).toBe(from + 1)
      await child.sees(/dev .*from PORT/)
    }
    {
      await using child = startVite(vite, root.dir, ['--port', String(to)], {
        PORT: String(from + 1),
      })
      expect(await localPort(child)).toBe(to)
      await child.sees(/dev .*from --port/)
    }
  })

  test('a request made while Vite is starting is answered', async () => {
    const port = await freePort()
    using root = app(vite, {
      server: { port },
      more: `plugins: [ports(), { name: 'slow', async buildStart() {
        console.log('building'); await new Promise((resolve) => setTimeout(resolve, 2000)) } }],`,
    })
    await using child = startVite(vite, root.dir)
    await child.sees(/building/)
    const before = performance.now()
    const text = await fetchText(`http://localhost:${port}/`)
    expect(text).toContain('<h1>app</h1>')
    // It was sent well before the server listened, so it must have waited.
    expect(performance.now() - before).toBeGreaterThan(500)
  })

  test('a rival that binds everything freed wins nothing during a slow start or a restart', async () => {
    const from = await freePort()
    using root = app(vite, {
      server: { port: from },
      more: `plugins: [ports(), { name: 'slow', async buildStart() {
        console.log('building'); await new Promise((resolve) => setTimeout(resolve, 2000)) } }],`,
    })
    await using child = startVite(vite, root.dir)
    await child.sees(/building/)
    await using rival = startNode([rivalProgram, String(from)])
    await rival.sees(/tries [1-9]\d\d/)
    expect(await localPort(child)).toBe(from)
    const again = configText({ server: { port: from, cors: false } })
    writeFileSync(join(root.dir, 'vite.config.mjs'), again)
    await child.sees(/server restarted/)
    expect(await fetchText(`http://localhost:${from}/`)).toContain('<h1>app</h1>')
    expect(rival.output()).not.toContain('won')
    // And it is a rival worth the name: it wins as soon as Vite is gone.
    await child.end('SIGKILL')
    await rival.sees(new RegExp(`won ${from}`))
  })

  test('the proxy carries HTTP and WebSocket, whenever the API comes', async () => {
    const [from, to] = await freeRange(4)
    using root = app(vite, {
      server: { port: from },
      ports: JSON.stringify({ services: { api: { preferred: to, proxy: '/api' } } }),
    })
    await using child = startVite(vite, root.dir)
    const url = `http://localhost:${await localPort(child)}`
    const missing = await fetch(`${url}/api/x`)
    expect(missing.status).toBe(502)
    const text = await missing.text()
    expect(text).toContain(`nothing answers on port ${to}, the port of the "api" service`)
    expect(text).toContain(`API_PORT=${to} (in .env.local)`)
    const refused = new WebSocket(`${url}/api/ws`)
    const [, response] = (await once(refused, 'unexpected-response')) as [
      unknown,
      import('node:http').IncomingMessage,
    ]
    expect(response.statusCode).toBe(502)
    refused.on('error', () => {}).terminate()
    expect(child.output().match(/nothing answers on port/g)).toHaveLength(1)
    expect(child.output()).not.toMatch(/ECONNREFUSED|proxy error/)

    await using api = apiAt(root, 'mine')
    await api.sees(new RegExp(`api on ${to}`))
    expect(await (await fetch(`${url}/api/x`)).json()).toMatchObject({
      name: 'mine',
      url: '/api/x',
    })
    expect(await echo(`${url.replace('http', 'ws')}/api/ws`, 'hello')).toBe('mine: hello')

    // Vite again, with the API running already: it is recognised and used as it is.
    await child.end('SIGINT')
    await using second = startVite(vite, root.dir)
    const again = `http://localhost:${await localPort(second)}`
    await second.sees(new RegExp(`api +${to} +preferred \\(1 attempt\\); already running`))
    expect(await (await fetch(`${again}/api/x`)).json()).toMatchObject({ name: 'mine' })
  })

  test("another checkout's API is never used, not even on the preferred port", async () => {
    const [from, to] = await freeRange(4)
    const preferred = to - 1
    const ports = JSON.stringify({
      services: { api: { preferred, range: [preferred, to], proxy: '/api' } },
    })
    using theirs = tempRoot()
    theirs.write({ 'package.json': '{}' })
    await using foreign = apiAt(theirs, 'theirs', { API_PORT: String(preferred) })
    await foreign.sees(/api on/)
    using root = app(vite, { server: { port: from }, ports })
    await using child = startVite(vite, root.dir)
    const url = `http://localhost:${await localPort(child)}`
    expect(envOf(root).API_PORT).toBe(String(to))
    expect((await fetch(`${url}/api/x`)).status).toBe(502)
    await child.sees(new RegExp(`api +${to} +fallback \\(2 attempts\\): ${preferred} held by`))
    await using api = apiAt(root, 'mine')
    await api.sees(new RegExp(`api on ${to}`))
    expect(await (await fetch(`${url}/api/x`)).json()).toMatchObject({ name: 'mine' })
    // The API stays on its fallback; a restarted Vite finds it there although it is not preferred.
    await child.end('SIGTERM')
    await using second = startVite(vite, root.dir)
    const again = `http://localhost:${await localPort(second)}`
    expect(await (await fetch(`${again}/api/x`)).json()).toMatchObject({ name: 'mine' })
  })

  test('a config edit restarts on the same port, without writing the env file again', async () => {
    const [from] = await freeRange(3)
    await using _taken = await occupy('127.0.0.1', from)
    using root = app(vite, { server: { port: from } })
    await using child = startVite(vite, root.dir)
    const port = await localPort(child)
    expect(port).toBe(from + 1)
    const written = statSync(join(root.dir, '.env.local'), { bigint: true }).mtimeNs
    for (const headers of [{ a: '1' }, { a: '2' }]) {
      const count = child.output().split('server restarted').length
      writeFileSync(
        join(root.dir, 'vite.config.mjs'),
        configText({ server: { port: from, headers } }),
      )
      await until(() => child.output().split('server restarted').length > count)
      await until(
        async () => (await fetch(`http://localhost:${port}/`)).headers.get('a') === headers.a,
      )
    }
    expect(statSync(join(root.dir, '.env.local'), { bigint: true }).mtimeNs).toBe(written)
    await child.end('SIGTERM')
    expect(await isFree(port)).toBe(true)
  })

  test('a broken config keeps the running server, and the next good one takes over', async () => {
    const port = await freePort()
    using root = app(vite, { server: { port } })
    await using child = startVite(vite, root.dir)
    expect(await localPort(child)).toBe(port)
    root.write({
      'vite.config.mjs': configText({
        server: { port },
        more: `plugins: [ports(), { name: 'broken', configResolved() { throw new Error('broken on purpose') } }],`,
      }),
    })
    await child.sees(/server restart failed/)
    expect(await fetchText(`http://localhost:${port}/`)).toContain('<h1>app</h1>')
    root.write({ 'vite.config.mjs': configText({ server: { port, headers: { a: 'fixed' } } }) })
    await child.sees(/server restarted/)
    await until(async () => (await fetch(`http://localhost:${port}/`)).headers.get('a') === 'fixed')
  })

  test('a changed preferred port moves on restart, and the old one is released', async () => {
    const [from, to] = await freeRange(2)
    using root = app(vite, { server: { port: from } })
    await using child = startVite(vite, root.dir)
    expect(await localPort(child)).toBe(from)
    root.write({ 'vite.config.mjs': configText({ server: { port: to } }) })
    await child.sees(/server restarted/)
    await until(async () => (await fetch(`http://localhost:${to}/`)).ok)
    await until(() => isFree(from))
    expect(envOf(root).DEV_PORT).toBe(String(to))
  })

  test('an edited preferred port of an API moves it, keeps a lease, and is shown', async () => {
    const [from, to] = await freeRange(3)
    const withApi = (preferred: number): string =>
      configText({
        server: { port: from },
        ports: JSON.stringify({ services: { api: { preferred, proxy: '/api' } } }),
      })
    using root = app(vite, {})
    root.write({ 'vite.config.mjs': withApi(to - 1) })
    await using child = startVite(vite, root.dir)
    await localPort(child)
    await child.sees(new RegExp(`api +${to - 1} +preferred`))
    root.write({ 'vite.config.mjs': withApi(to) })
    await child.sees(new RegExp(`api +${to} +preferred`))
    expect(envOf(root).API_PORT).toBe(String(to))
    expect(await whoHolds(to)).toMatchObject({ service: 'api', pid: child.pid })
    await until(async () => (await whoHolds(to - 1)) === undefined)
    const answer = await (await fetch(`http://localhost:${from}/api`)).text()
    expect(answer).toContain(`API_PORT=${to}`)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    '%s leaves nothing behind',
    async (signal) => {
      const [from, to] = await freeRange(4)
      using root = app(vite, {
        server: { port: from },
        ports: JSON.stringify({
          services: { hmr: { separate: true, preferred: from + 1 }, api: { preferred: to } },
        }),
      })
      await using child = startVite(vite, root.dir)
      expect(await localPort(child)).toBe(from)
      expect(envOf(root).VITE_HMR_PORT).toBe(String(from + 1))
      expect(await isFree(from + 1)).toBe(false)
      expect(await isFree(to), 'a server of others must be able to bind').toBe(true)
      await child.end(signal)
      expect(await isFree(from)).toBe(true)
      expect(await isFree(from + 1)).toBe(true)
    },
  )

  test('vite preview has its own held port and the proxy', async () => {
    const [from, to] = await freeRange(3)
    using root = app(vite, {
      ports: JSON.stringify({ services: { api: { preferred: to, proxy: '/api' } } }),
      more: `preview: { port: ${from} },`,
    })
    await using build = startVite(vite, root.dir, ['build'])
    expect((await build.ended).code, build.output()).toBe(0)
    expect(() => statSync(join(root.dir, '.env.local'))).toThrow('ENOENT')
    await using child = startVite(vite, root.dir, ['preview'])
    expect(await localPort(child)).toBe(from)
    await child.sees(/preview +http:\/\/localhost:\d+\/ +preferred/)
    expect(envOf(root)).toMatchObject({ PREVIEW_PORT: String(from), API_PORT: String(to) })
    expect(envOf(root)).not.toHaveProperty('DEV_PORT')
    expect((await fetch(`http://localhost:${from}/api`)).status).toBe(502)
    await child.end('SIGTERM')
    expect(await isFree(from)).toBe(true)
  })

  test('a build has no ports, no env file and no output of ours', async () => {
    using root = app(vite, {
      ports: JSON.stringify({ services: { api: 3000 } }),
      more: 'build: { minify: false },',
    })
    await using child = startVite(vite, root.dir, ['build'])
    expect((await child.ended).code, child.output()).toBe(0)
    expect(() => statSync(join(root.dir, '.env.local'))).toThrow('ENOENT')
    expect(child.output()).not.toMatch(/ports/i)
  })
})

test.each(VITES)(
  'ten copies started at once get ten ports and serve them (%s)',
  async (vite) => {
    const [from, to] = await freeRange(12)
    const roots = Array.from({ length: 10 }, () =>
      app(vite, {
        ports: JSON.stringify({ services: { dev: { preferred: from, range: [from, to] } } }),
      }),
    )
    const children = roots.map((root) => startVite(vite, root.dir))
    try {
      const ports = await Promise.all(children.map((child) => localPort(child)))
      expect(new Set(ports).size).toBe(10)
      const pages = await Promise.all(ports.map((port) => fetchText(`http://localhost:${port}/`)))
      expect(pages.every((page) => page.includes('<h1>app</h1>'))).toBe(true)
      expect(roots.map((root) => Number(envOf(root).DEV_PORT))).toEqual(ports)
    } finally {
      await Promise.all(children.map((child) => child.end()))
      for (const root of roots) root[Symbol.dispose]()
    }
  },
  120_000,
)

test('two dev servers of one checkout: two ports, one block, and no restart of each other', async () => {
  const [from] = await freeRange(4)
  using root = app('vite', { server: { port: from } })
  await using first = startVite('vite', root.dir)
  expect(await localPort(first)).toBe(from)
  const block = readFileSync(join(root.dir, '.env.local'), 'utf8')
  await using second = startVite('vite', root.dir)
  expect(await localPort(second)).toBe(from + 1)
  expect(readFileSync(join(root.dir, '.env.local'), 'utf8')).toBe(block)
  // Had the file changed, the first one's watcher would restart it about now.
  writeFileSync(join(root.dir, 'probe.js'), 'export default 1')
  expect(await fetchText(`http://localhost:${from}/probe.js`)).toContain('export default 1')
  expect(first.output()).not.toContain('restart')
})

test('inert under Vitest', async () => {
  using root = tempRoot()
  linkPackages(root.dir, { vite: 'vite', vitest: 'vitest' })
  root.write({
    'package.json': '{ "type": "module" }',
    'vite.config.mjs': configText({ ports: JSON.stringify({ services: { api: 3000 } }) }),
    'a.test.js': `import { expect, test } from 'vitest'
import { services } from '~ports'
test('a', () => { expect(services).toEqual({}) })`,
  })
  await using child = startNode([join(repo, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: root.dir,
  })
  expect((await child.ended).code, child.output()).toBe(0)
  expect(child.output()).toContain('1 passed')
  expect(child.output()).not.toMatch(/Ports:/)
  expect(() => statSync(join(root.dir, '.env.local'))).toThrow('ENOENT')
})

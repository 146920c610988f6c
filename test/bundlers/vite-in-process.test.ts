import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseEnv, stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { InlineConfig, Logger, LogLevel, ViteDevServer } from 'vite'
import { allocations, reserve } from '../../src/api.ts'
import { VITE_PORTS } from '../../src/bundlers/vite/host.ts'
import type { Options } from '../../src/types.ts'
import ports from '../../src/vite.ts'
import { git, initRepo } from '../_utils/git.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { VITES } from '../_utils/vite.ts'

type Vite = typeof import('vite')

interface Running extends AsyncDisposable {
  readonly server: ViteDevServer
  readonly lines: string[]
}

/** A server made by the programmatic interface, with everything it logs. */
async function create(
  vite: Vite,
  root: TempRoot,
  options: Options | undefined,
  config: InlineConfig = {},
): Promise<Running> {
  const lines: string[] = []
  const log = (message: string): void => {
    lines.push(...stripVTControlCharacters(message).split('\n'))
  }
  const customLogger: Logger = {
    info: log,
    warn: log,
    warnOnce: log,
    error: log,
    clearScreen: () => {},
    hasErrorLogged: () => false,
    hasWarned: false,
  }
  const server = await vite.createServer({
    configFile: false,
    root: root.dir,
    customLogger,
    ...config,
    plugins: [ports(options), ...(config.plugins ?? [])],
  })
  return { server, lines, [Symbol.asyncDispose]: () => server.close() }
}

/** The port that a server really listens on. */
function boundPort(server: ViteDevServer): number {
  const address = server.httpServer?.address()
  return typeof address === 'object' && address ? address.port : 0
}

describe.each(VITES)('%s in this process', async (name) => {
  const vite = (await import(name)) as Vite

  test('several servers of one root have ports of their own and share the API', async () => {
    const [from, to] = await freeRange(5)
    using root = tempRoot('vite-app')
    const options: Options = {
      services: {
        dev: { range: [from, from + 2] },
        api: { preferred: to, proxy: '/api' },
      },
    }
    await using one = await create(vite, root, options)
    await using two = await create(vite, root, options)
    await Promise.all([one.server.listen(), two.server.listen()])
    expect([boundPort(one.server), boundPort(two.server)]).toEqual([from, from + 1])
    expect(allocations(root.dir).filter((a) => a.service === 'api')).toHaveLength(1)
    await one.server.close()
    expect(await isFree(from)).toBe(true)
    expect(allocations(root.dir).map((a) => `${a.service} ${a.port}`)).toEqual([
      `dev ${from + 1}`,
      `api ${to}`,
    ])
    await two.server.close()
    expect(await isFree(from + 1)).toBe(true)
    expect(allocations(root.dir)).toEqual([])
  })

  test('close without listen releases too', async () => {
    const port = await freePort()
    using root = tempRoot('vite-app')
    const { server } = await create(vite, root, undefined, { server: { port } })
    expect(await isFree(port)).toBe(false)
    await server.close()
    expect(await isFree(port)).toBe(true)
  })

  test('closing the http server alone releases too', async () => {
    const port = await freePort()
    using root = tempRoot('vite-app')
    const { server } = await create(vite, root, undefined, { server: { port } })
    await server.listen()
    server.httpServer?.close()
    await until(() => allocations(root.dir).length === 0)
    await server.close()
    expect(await isFree(port)).toBe(true)
  })

  test('restart() keeps the port, again and again', async () => {
    const [from] = await freeRange(3)
    using root = tempRoot('vite-app')
    await using taken = await occupy('127.0.0.1', from)
    await using running = await create(
      vite,
      root,
      { services: { hmr: { separate: true } } },
      {
        server: { port: taken.port },
      },
    )
    const { server } = running
    await server.listen()
    const port = boundPort(server)
    expect(port).toBe(from + 1)
    const hmr = allocations(root.dir).find((a) => a.service === 'hmr')?.port ?? 0
    for (let round = 0; round < 3; round++) {
      await server.restart()
      expect(boundPort(server)).toBe(port)
      expect(allocations(root.dir).map((a) => a.port)).toEqual([port, hmr])
      expect((await fetch(`http://localhost:${port}/`)).status).toBe(200)
      // 426: the HMR server asks for a WebSocket.
      expect((await fetch(`http://localhost:${hmr}/`)).status).toBe(426)
    }
    await server.close()
    expect(await isFree(port)).toBe(true)
    expect(await isFree(hmr)).toBe(true)
    expect(running.lines.join('\n')).not.toMatch(/wildcard|in use/i)
  })

  test('host decides the address of the hold', async () => {
    for (const [host, address] of [
      ['127.0.0.1', '127.0.0.1'],
      [true, '::'],
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
    ] as const) {
      const port = await freePort()
      using root = tempRoot('vite-app')
      await using running = await create(vite, root, undefined, { server: { port, host } })
      expect(allocations(root.dir)[0]?.state).toBe('held')
      await running.server.listen()
      expect(running.server.httpServer?.address()).toMatchObject({ address, port })
      expect(running.lines.join('\n')).not.toMatch(/wildcard/)
    }
  })

  test("the plugin's own host reaches Vite, and Vite's host wins over it", async () => {
    const port = await freePort()
    using root = tempRoot('vite-app')
    {
      await using running = await create(vite, root, { host: '127.0.0.1' }, { server: { port } })
      await running.server.listen()
      expect(running.server.httpServer?.address()).toMatchObject({ address: '127.0.0.1', port })
    }
    await using running = await create(
      vite,
      root,
      { host: true },
      {
        server: { port, host: '127.0.0.1' },
      },
    )
    await running.server.listen()
    expect(running.server.httpServer?.address()).toMatchObject({ address: '127.0.0.1', port })
  })

  describe('listen(port) of another port', () => {
    const devPort = (root: TempRoot): string | undefined =>
      parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8')).DEV_PORT

    test('is obeyed, everything says so, and the held one is let go', async () => {
      const [from, to] = await freeRange(2)
      using root = tempRoot('vite-app')
      await using running = await create(vite, root, undefined, { server: { port: from } })
      await running.server.listen(to)
      expect(boundPort(running.server)).toBe(to)
      expect(devPort(root)).toBe(String(to))
      expect(allocations(root.dir)).toMatchObject([{ service: 'dev', port: to, state: 'serving' }])
      expect(await isFree(from)).toBe(true)
      await running.server.close()
      expect(await isFree(to)).toBe(true)
    })

    test('that somebody else has: the held one is used', async () => {
      const [from] = await freeRange(2)
      await using taken = await occupy()
      using root = tempRoot('vite-app')
      await using running = await create(vite, root, undefined, { server: { port: from } })
      await running.server.listen(taken.port)
      expect(boundPort(running.server)).toBe(from)
      expect(devPort(root)).toBe(String(from))
    })

    test('counts less than the port of a linked work tree', async () => {
      const [from, to] = await freeRange(20)
      using root = tempRoot()
      initRepo(root.dir)
      git(root.dir, 'worktree', 'add', '-b', 'feature', 'feature')
      const feature: TempRoot = { ...root, dir: join(root.dir, 'feature') }
      feature.write({})
      const options = { services: { dev: { range: [from + 1, to] as const } } }
      await using running = await create(vite, feature, options)
      await running.server.listen(from)
      expect(boundPort(running.server)).toBeGreaterThan(from)
      expect(devPort(feature)).toBe(String(boundPort(running.server)))
    })
  })

  test("Astro's usual port is preferred where Astro runs Vite", async () => {
    using root = tempRoot('vite-app')
    const plugins = [{ name: 'astro:build' }]
    await using _running = await create(vite, root, undefined, { plugins })
    const [dev] = allocations(root.dir)
    expect(dev?.attempts[0]).toMatchObject({ port: 4321, source: 'preferred' })
  })

  test('middleware mode: HMR has a held port, never 24678 twice, and nothing holds the app port', async () => {
    using one = tempRoot('vite-app')
    using two = tempRoot('vite-app')
    const [from, to] = await freeRange(6)
    const options: Options = { services: { hmr: { preferred: from, range: [from, to] } } }
    const config: InlineConfig = { server: { middlewareMode: true }, appType: 'custom' }
    await using first = await create(vite, one, options, config)
    await using second = await create(vite, two, options, config)
    const hmr = [one, two].map((root) => allocations(root.dir))
    expect(hmr.map((list) => list.map((a) => `${a.service} ${a.port} ${a.state}`))).toEqual([
      [`hmr ${from} serving`],
      [`hmr ${from + 1} serving`],
    ])
    const client = await second.server.transformRequest('/@vite/client')
    expect(client?.code).toContain(`const hmrPort = ${from + 1}`)
    expect(first.lines.join('\n')).toMatch(new RegExp(`hmr +${from} +preferred`))
    await first.server.restart()
    expect(allocations(one.dir).map((a) => a.port)).toEqual([from])
    expect((await fetch(`http://localhost:${from}/`)).status).toBe(426)
    await first.server.close()
    await second.server.close()
    expect(await isFree(from)).toBe(true)
    expect(await isFree(from + 1)).toBe(true)
  })

  test('a program reserves the port of its own server, and the plugin shows it', async () => {
    const port = await freePort()
    using root = tempRoot('vite-app')
    await using held = await reserve({ root: root.dir, services: { dev: port } })
    await using running = await create(
      vite,
      root,
      { services: { hmr: { preferred: await freePort() } } },
      { server: { middlewareMode: true }, appType: 'custom' },
    )
    const server: Server = createHttpServer(running.server.middlewares)
    held.services.dev?.adoptInto(server)
    expect(running.lines.join('\n')).toMatch(new RegExp(`dev +http://localhost:${port}/`))
    const env = readFileSync(join(root.dir, '.env.local'), 'utf8')
    expect(env).toContain(`DEV_PORT=${port}\n`)
    const { services } = (await running.server.ssrLoadModule('~ports')) as {
      services: Record<string, { port: number }>
    }
    expect(services.dev?.port).toBe(port)
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })

  test('summary: full adds totals, false prints nothing, quiet log levels hear nothing', async () => {
    const [from] = await freeRange(3)
    using root = tempRoot('vite-app')
    await using _taken = await occupy('127.0.0.1', from)
    const print = async (summary: Options['summary']): Promise<string> => {
      await using running = await create(vite, root, { summary }, { server: { port: from } })
      await running.server.listen()
      running.server.printUrls()
      const marker = summary === false ? /Local/ : /hmr +shared with dev/
      await until(() => running.lines.some((line) => marker.test(line)))
      return running.lines.join('\n')
    }
    expect(await print('full')).toContain(
      '1 service: 0 as wanted, 1 fallback, 2 attempts, 100% allocated',
    )
    expect(await print(true)).not.toContain('attempts, 100%')
    expect(await print(false)).not.toMatch(/Ports:/)
    const written: string[] = []
    const { write } = process.stdout
    process.stdout.write = ((chunk: string) => written.push(chunk) > 0) as typeof write
    try {
      const server = await vite.createServer({
        configFile: false,
        root: root.dir,
        logLevel: 'warn' satisfies LogLevel,
        server: { port: from },
        plugins: [ports()],
      })
      await server.listen()
      server.printUrls()
      await server.close()
    } finally {
      process.stdout.write = write
    }
    expect(written.join('')).toBe('')
  })

  test("the user's proxy entries win, and one that names another target is pointed out", async () => {
    const [from, to] = await freeRange(3)
    using root = tempRoot('vite-app')
    const upstream = createHttpServer((request, response) => response.end(`theirs ${request.url}`))
    upstream.listen(to, 'localhost')
    await once(upstream, 'listening')
    const options: Options = {
      services: {
        api: { preferred: from + 1, proxy: { '/api': { rewrite: undefined }, '/b': true } },
      },
    }
    await using running = await create(vite, root, options, {
      server: { port: from, proxy: { '/api': `http://localhost:${to}` } },
    })
    await running.server.listen()
    expect(await (await fetch(`http://localhost:${from}/api/x`)).text()).toBe('theirs /api/x')
    expect((await fetch(`http://localhost:${from}/b`)).status).toBe(502)
    expect(running.lines.join('\n')).toContain('server.proxy["/api"] in your config names another')
    upstream.close()
    upstream.closeAllConnections()
  })

  test("Vite's own proxy options reach the proxy: rewrite, headers", async () => {
    const [from, to] = await freeRange(2)
    using root = tempRoot('vite-app')
    const api = createHttpServer((request, response) =>
      response.end(`${request.url} ${String(request.headers['x-from'])}`),
    )
    await using running = await create(
      vite,
      root,
      {
        services: {
          api: {
            preferred: to,
            proxy: {
              '/api': {
                rewrite: (path: string) => path.replace(/^\/api/, ''),
                headers: { 'x-from': 'vite' },
              },
            },
          },
        },
      },
      { server: { port: from } },
    )
    api.listen(to, 'localhost')
    await once(api, 'listening')
    await running.server.listen()
    expect(await (await fetch(`http://localhost:${from}/api/users?x=1`)).text()).toBe(
      '/users?x=1 vite',
    )
    api.close()
    api.closeAllConnections()
  })

  test('a port for HMR in the config is preferred, and the client is told the one it got', async () => {
    const [from, to] = await freeRange(3)
    await using taken = await occupy('127.0.0.1', to - 1)
    for (const option of ['hmr', 'ws'] as const) {
      if (option === 'ws' && name !== 'vite') continue
      using root = tempRoot('vite-app')
      await using running = await create(vite, root, undefined, {
        server: { port: from, [option]: { port: taken.port } },
      })
      await running.server.listen()
      const hmr = allocations(root.dir).find((a) => a.service === 'hmr')
      expect(hmr).toMatchObject({ port: to, source: 'range', state: 'serving' })
      const client = await (await fetch(`http://localhost:${from}/@vite/client`)).text()
      expect(client).toContain(`const hmrPort = ${to}`)
      expect((await fetch(`http://localhost:${to}/`)).status).toBe(426)
    }
  })

  test('ports() twice in one config: the first serves, both bring their services', async () => {
    const [from, to] = await freeRange(3)
    using root = tempRoot('vite-app')
    await using running = await create(
      vite,
      root,
      { services: { api: to } },
      { server: { port: from }, plugins: [[ports({ services: { docs: { preferred: to - 1 } } })]] },
    )
    await running.server.listen()
    expect(boundPort(running.server)).toBe(from)
    expect(allocations(root.dir).map((a) => `${a.service} ${a.port}`)).toEqual([
      `dev ${from}`,
      `api ${to}`,
      `docs ${to - 1}`,
    ])
    const env = readFileSync(join(root.dir, '.env.local'), 'utf8')
    for (const line of [`DEV_PORT=${from}`, `API_PORT=${to}`, `DOCS_PORT=${to - 1}`]) {
      expect(env).toContain(`${line}\n`)
    }
  })

  test('a bad option is an error that names it, before anything is held', async () => {
    using root = tempRoot('vite-app')
    await expect(
      create(vite, root, { services: { api: { prefered: 3000 } } } as unknown as Options),
    ).rejects.toThrow('services.api.prefered')
    expect(allocations(root.dir)).toEqual([])
  })

  test('a server that answers 500 or hangs up is its own error, not a missing one', async () => {
    const [from, to] = await freeRange(2)
    using root = tempRoot('vite-app')
    await using running = await create(
      vite,
      root,
      { services: { api: { preferred: to, proxy: '/api' } } },
      { server: { port: from } },
    )
    const api = createHttpServer((request, response) => {
      if (request.url === '/api/hangup') request.socket.destroy()
      else response.writeHead(500).end('broken inside')
    })
    api.listen(to, 'localhost')
    await once(api, 'listening')
    await running.server.listen()
    const broken = await fetch(`http://localhost:${from}/api/x`)
    expect([broken.status, await broken.text()]).toEqual([500, 'broken inside'])
    const hangup = await fetch(`http://localhost:${from}/api/hangup`)
    expect(await hangup.text()).not.toContain('nothing answers')
    expect(running.lines.join('\n')).toContain('http proxy error: /api/hangup')
    api.close()
    api.closeAllConnections()
  })
})

test('the defaults are the ones of Vite itself', async () => {
  const { resolveConfig } = await import('vite')
  const config = await resolveConfig({ configFile: false }, 'serve')
  expect(config.server.port).toBe(VITE_PORTS.dev)
  expect(config.preview.port).toBe(VITE_PORTS.preview)
})

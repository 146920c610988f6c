import { createServer, type Server } from 'node:http'
import { appendFileSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { move } from '../../src/api.ts'
import type { Options } from '../../src/types.ts'
import vitePorts from '../../src/vite.ts'
import { echo, get } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { HOSTS, portOf } from './_in-process.ts'

/** An API that says which one it is, over HTTP and WebSocket. */
async function startApi(port: number, name: string): Promise<Server & AsyncDisposable> {
  const server = createServer((_, response) => response.end(name))
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(`${name}: ${String(data)}`))
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  })
}

test.each(Object.entries(HOSTS))(
  '%s: proxies and the env block follow a service that moves',
  async (_, start) => {
    const [dev, to] = await freeRange(3)
    const from = dev + 1
    using root = tempRoot()
    root.write({ 'main.js': 'export {}', 'index.html': '<script type="module" src="/main.js">' })
    const running = await start(root.dir, {
      summary: false,
      services: { dev, api: { range: [from, to], proxy: '/api' } },
    })
    try {
      const url = `http://localhost:${running.port}/api`
      await using _old = await startApi(from, 'old')
      expect((await get(url)).text).toBe('old')
      expect(await echo(url, 'hello')).toBe('old: hello')

      expect(await move('api', { root: root.dir })).toEqual({ service: 'api', from, to })
      const block = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
      expect(block).toMatchObject({ API_PORT: String(to), API_URL: `http://localhost:${to}` })
      expect((await get(url)).text).toContain(`nothing answers on port ${to}`)
      await using _new = await startApi(to, 'new')
      expect((await get(url)).text).toBe('new')
      expect(await echo(url, 'hello')).toBe('new: hello')
    } finally {
      await running.close()
    }
  },
)

test('vite: a page that imports ~ports is loaded again with the new port', async () => {
  const [dev, to] = await freeRange(3)
  using root = tempRoot()
  root.write({
    'main.js': "import { services } from '~ports'\nconsole.log(services.api.port)",
    'index.html': '<script type="module" src="/main.js">',
  })
  const { createServer: create } = await import('vite')
  const options: Options = { summary: false, services: { dev, api: { range: [dev + 1, to] } } }
  const server = await create({
    configFile: false,
    root: root.dir,
    logLevel: 'silent',
    plugins: [vitePorts(options)],
  })
  try {
    await server.listen()
    const load = async (): Promise<string> => {
      const page = `http://localhost:${portOf(server.httpServer)}`
      const main = (await get(`${page}/main.js`)).text
      return (await get(page + /"(\/@id\/[^"]*ports)"/.exec(main)?.[1])).text
    }
    expect(await load()).toContain(`"port": ${dev + 1}`)
    const sent: unknown[] = []
    const { hot } = server.environments.client
    const { send } = hot
    hot.send = (...args: unknown[]) => {
      sent.push(args[0])
      return (send as (...args: unknown[]) => void).apply(hot, args)
    }
    await move('api', { root: root.dir })
    expect(sent).toContainEqual({ type: 'full-reload' })
    expect(await load()).toContain(`"port": ${to}`)
  } finally {
    await server.close()
  }
})

test.each([
  ['API_PORT alone: no restart', undefined],
  ['VITE_API_PORT, which client code reads: a restart', 'VITE_'],
] as const)('vite, when a move writes %s', async (_, prefix) => {
  const [dev, to] = await freeRange(3)
  using root = tempRoot()
  root.write({ 'main.js': 'export {}', 'index.html': '<script type="module" src="/main.js">' })
  const { createServer: create } = await import('vite')
  const services = { dev, api: { range: [dev + 1, to] as const } }
  const server = await create({
    configFile: false,
    root: root.dir,
    logLevel: 'silent',
    plugins: [vitePorts({ summary: false, services, ...(prefix && { env: { prefix } }) })],
  })
  try {
    await server.listen()
    let count = 0
    const { restart } = server
    server.restart = async (...args) => {
      await restart.apply(server, args)
      count++
    }
    await move('api', { root: root.dir })
    // A person's edit restarts the server as ever; the move's own write would have come before it.
    if (!prefix) {
      expect(count).toBe(0)
      appendFileSync(join(root.dir, '.env.local'), 'MINE=1\n')
    }
    await until(() => count > 0)
    expect(count).toBe(1)
    expect((await get(`http://localhost:${portOf(server.httpServer)}/main.js`)).status).toBe(200)
  } finally {
    await server.close()
  }
})

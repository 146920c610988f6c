import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { viteHost } from '../bundlers/_hosts/vite.ts'
import { appOf } from '../bundlers/_suite.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { localPort } from '../_utils/vite.ts'
import { until } from '../_utils/until.ts'

/** An address of this machine that others reach it at; tests of it are skipped without one. */
const lanIp = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find((entry) => entry.family === 'IPv4' && !entry.internal)?.address

const SECRETS = /"(services|root|checkout|lease|project)"|ports-test|ports_allocations|ports-token/

/** Sends a request as it is written and gives the whole answer. */
async function raw(port: number, lines: readonly string[], host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) {
    text += chunk as string
    // Streams don't end by themselves.
    if (text.includes('event: status')) break
  }
  socket.destroy()
  return text
}

const ask = (port: number, path: string, headers: readonly string[], host?: string) =>
  raw(port, [`GET ${path} HTTP/1.1`, 'Connection: close', ...headers], host)

const PATHS = ['', '/', '/status.json', '/identity.json', '/metrics', '/events', '/explain.json']

describe('a Vite server', () => {
  let root: TempRoot
  let child: Child
  let port = 0
  let api = 0
  beforeAll(async () => {
    const [from, to] = await freeRange(2)
    api = to
    const ports = `{ services: { api: { preferred: ${to} } } }`
    root = appOf(viteHost, { server: { port: from, host: '0.0.0.0' }, ports })
    child = viteHost.start(root.dir)
    port = Number((await viteHost.url(child)).port)
  })
  afterAll(async () => {
    await child.end()
    root[Symbol.dispose]()
  })

  const own = (): string => `Host: localhost:${port}`

  test.each(PATHS.slice(2, 5))('%s answers a tool at this machine', async (path) => {
    const text = await ask(port, `/__ports${path}`, [own()])
    expect(text).toMatch(/^HTTP\/1.1 200 /)
    expect(text).toMatch(/Cache-Control: no-store/i)
    expect(text).toMatch(/Cross-Origin-Resource-Policy: same-origin/i)
    expect(text).not.toMatch(/access-control-allow/i)
  })

  test.each([
    'Host: evil.test',
    'Host: evil.test:80',
    'Host: localhost.evil.test',
    'Origin: http://evil.test',
    'Origin: null',
    'Origin: http://localhost:1',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Site: nonsense',
  ])('%s reads nothing, whatever it asks for', async (forged) => {
    const headers = forged.startsWith('Host') ? [forged] : [own(), forged]
    for (const path of PATHS) {
      const text = await ask(port, `/__ports${path}`, headers)
      expect(text, path).toMatch(/^HTTP\/1.1 403 /)
      expect(text, path).not.toMatch(SECRETS)
      expect(text, path).not.toMatch(/access-control-allow/i)
    }
  })

  test('a preflight of another site is refused, and so is a form of its own', async () => {
    const foreign = [own(), 'Origin: http://evil.test']
    const preflight = await raw(port, [
      'OPTIONS /__ports/actions/release HTTP/1.1',
      'Connection: close',
      ...foreign,
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: x-ports-token,content-type',
    ])
    expect(preflight).toMatch(/^HTTP\/1.1 403 /)
    expect(preflight).not.toMatch(/access-control-allow/i)
    const body = JSON.stringify({ service: 'api', port: api })
    const form = [`Content-Length: ${body.length}`, 'Content-Type: text/plain', '', body]
    const post = ['POST /__ports/actions/release HTTP/1.1', 'Connection: close']
    expect(await raw(port, [...post, ...foreign, ...form])).toMatch(/^HTTP\/1.1 403 /)
    expect(await raw(port, [...post, own(), ...form])).toMatch(/^HTTP\/1.1 403 /)
    const same = `Origin: http://localhost:${port}`
    const json = form.map((line) => line.replace('text/plain', 'application/json'))
    expect(await raw(port, [...post, own(), same, ...json])).toMatch(/does not bring .* token/)
    expect((await get(`http://localhost:${port}/__ports/status.json`)).text).toContain('"waiting"')
  })

  test('names beside the known ones, and files that are none, are not found', async () => {
    for (const path of ['/nothing', '/../vite.config.mjs', '/actions/', '/constructor']) {
      expect(await ask(port, `/__ports${path}`, [own()])).toMatch(/^HTTP\/1.1 404 /)
    }
    expect((await get(`http://localhost:${port}/__portsmouth`)).text).toContain('<h1>app</h1>')
  })

  test.skipIf(!lanIp)(
    'whoever is not at this machine sees no paths and may do nothing',
    async () => {
      const host = lanIp as string
      const status = await ask(port, '/__ports/status.json', [`Host: ${host}:${port}`], host)
      expect(status).toMatch(/^HTTP\/1.1 200 /)
      expect(status).toContain('"reader": "remote"')
      expect(status).toContain(`"port": ${api}`)
      for (const path of ['/status.json', '/identity.json', '/events', '/']) {
        const text = await ask(port, `/__ports${path}`, [`Host: ${host}:${port}`], host)
        expect(text).not.toContain(root.dir)
        expect(text).not.toMatch(/"pid"|"command"|ports-token/)
      }
      const explained = await ask(
        port,
        '/__ports/explain.json?service=api',
        [`Host: ${host}`],
        host,
      )
      expect(explained).toMatch(/^HTTP\/1.1 403 /)
      // A tunnel ends at this machine, and its reader sits elsewhere.
      const tunnelled = await ask(port, '/__ports/', [own(), 'X-Forwarded-For: 203.0.113.9'])
      expect(tunnelled).not.toContain('ports-token')
    },
  )

  test('its identity and its metrics', async () => {
    const identity = JSON.parse(
      (await get(`http://localhost:${port}/__ports/identity.json`)).text,
    ) as Record<string, unknown>
    expect(identity).toMatchObject({ v: 1, service: 'dev', port, root: root.dir, pid: child.pid })
    expect(identity.lease).toMatch(/^[\da-f]{16}$/)
    const { text } = await get(`http://localhost:${port}/__ports/metrics`)
    expect(text).toMatch(/^ports_allocations_total\{source="preferred"\} 2$/m)
    expect(text).toMatch(/^ports_service_state\{service="dev",state="healthy"\} 1$/m)
  })
})

test('below the base and at the root, and nowhere when it is turned off', async () => {
  using root = appOf(viteHost, { ports: `{ sticky: false }` })
  const config = `import ports from 'unplugin-ports/vite'
export default { base: '/shop/', plugins: [ports({ statusPage: process.env.PAGE !== 'off' })] }`
  root.write({ 'vite.config.mjs': config })
  const [from] = await freeRange(1)
  const args = ['--port', String(from)]
  await using child = viteHost.start(root.dir, args)
  const { origin } = await viteHost.url(child)
  for (const path of ['/__ports/', '/shop/__ports/', '/shop/__ports/page.js']) {
    expect((await get(origin + path)).status, path).toBe(200)
  }
  await child.end()
  await using without = viteHost.start(root.dir, args, { PAGE: 'off' })
  await viteHost.url(without)
  await without.sees(/Ports:\n/)
  expect((await get(`${origin}/__ports/status.json`)).text).not.toMatch(SECRETS)
})

test('in middleware mode it answers before the middlewares of the program', async () => {
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'\nexport default { plugins: [ports()] }`,
  })
  cpSync(join(repo, 'test/fixtures/middleware/server.mjs'), join(root.dir, 'server.mjs'))
  await using child = startNode(['server.mjs'], { cwd: root.dir })
  const port = await localPort(child)
  const { status, text } = await get(`http://localhost:${port}/__ports/identity.json`)
  expect([status, JSON.parse(text)]).toMatchObject([200, { service: 'dev', root: root.dir }])
  const forged = await ask(port, '/__ports/status.json', [
    `Host: localhost:${port}`,
    'Origin: http://localhost:1',
  ])
  expect(forged).toMatch(/^HTTP\/1.1 403 /)
  expect(forged).not.toMatch(/access-control-allow/i)
})

test('another checkout is told of, and another process of this one', async () => {
  const [a, b] = await freeRange(2)
  using one = appOf(viteHost, { server: { port: a } })
  using two = appOf(viteHost, { server: { port: b } })
  await using first = viteHost.start(one.dir)
  await using second = viteHost.start(two.dir)
  const { origin } = await viteHost.url(first)
  await viteHost.url(second)
  const other = await until(async () => {
    const { text } = await get(`${origin}/__ports/status.json`)
    const { checkouts } = JSON.parse(text) as { checkouts: { dir: string; services: unknown }[] }
    return checkouts.find(({ dir }) => dir === two.dir)
  })
  expect(other.services).toMatchObject([{ service: 'dev', port: b, state: 'serving' }])
})

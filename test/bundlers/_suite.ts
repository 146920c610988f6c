import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { selfSigned } from '../_utils/certificate.ts'
import { startNode } from '../_utils/children.ts'
import { echo, get, refusal } from '../_utils/http.ts'
import { accepts, freePort, freeRange, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import type { App, Host, Line } from './_hosts/host.ts'

const rivalProgram = join(repo, 'test/fixtures/programs/rival.mjs')
const apiProgram = join(repo, 'test/fixtures/programs/api.mjs')

/** The address that `local-ip` stands for; tests of it are skipped without one. */
const localIp = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find((entry) => entry.family === 'IPv4' && !entry.internal)?.address

/** The ways in which a slow start is tried: where the server binds, and how it speaks. */
const STARTS: readonly { name: string; host?: string; secure?: boolean; line?: Line }[] = [
  { name: 'no host' },
  { name: '127.0.0.1', host: '127.0.0.1' },
  { name: 'localhost', host: 'localhost' },
  { name: 'local-ip', host: 'local-ip', line: 'local-ip' },
  { name: 'https', secure: true },
]

/** What every host with a dev server must do. `brief` leaves out what its sibling's run has shown. */
export function hostSuite(host: Host, extent: 'full' | 'brief' = 'full'): void {
  describe.skipIf(host.skip)(host.skip ? `${host.name} (${host.skip})` : host.name, () => {
    startLines(host)
    slowLines(host, extent === 'brief' ? STARTS.slice(0, 1) : STARTS)
    endLines(host)
    if (extent === 'brief') return
    busyLines(host)
    choiceLines(host)
    serviceLines(host)
  })
}

/** A temporary app of this host. */
export function appOf(host: Host, app: App): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, host.packages)
  root.write(host.files(app))
  return root
}

function startLines(host: Host): void {
  test('the port is served, shown and written', async () => {
    const port = await freePort()
    using root = appOf(host, { server: { port } })
    await using child = host.start(root.dir)
    expect(Number((await host.url(child)).port)).toBe(port)
    await child.sees(
      new RegExp(`Ports:[^]*dev +http://localhost:${port}/ +preferred \\(1 attempt\\)`),
    )
    await child.sees(/hmr +shared with dev/)
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
    expect(envOf(root)).toEqual({
      DEV_PORT: String(port),
      DEV_URL: `http://localhost:${port}`,
      [host.hmr.variable]: String(port),
    })
    expect(child.output()).not.toMatch(/warn|error|deprecat/i)
  })

  test.skipIf(!localIp).each([undefined, '127.0.0.1'])(
    'it listens where the config says (host %s)',
    async (address) => {
      const port = await freePort()
      using root = appOf(host, { server: { port, ...(address && { host: address }) } })
      await using child = host.start(root.dir)
      await host.url(child)
      expect(await accepts(port, 'localhost')).toBe(true)
      expect(await accepts(port, localIp)).toBe(!address && host.defaultHost === 'all')
    },
  )
}

function busyLines(host: Host): void {
  const busy = hasIPv6 ? [undefined, '127.0.0.1', '::1'] : [undefined, '127.0.0.1']
  test.each(busy)('a port that is busy on %s alone is passed over', async (address) => {
    const [from] = await freeRange(3)
    await using _taken = await occupy(address, from)
    using root = appOf(host, { server: { port: from } })
    await using child = host.start(root.dir)
    const { port } = await host.url(child)
    expect(Number(port)).toBe(from + 1)
    await child.sees(
      new RegExp(`dev +http://localhost:${port}/ +fallback \\(2 attempts\\): ${from} held by`),
    )
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
  })
}

function slowLines(host: Host, starts: typeof STARTS): void {
  for (const start of starts)
    check(
      `nobody gets the port while it starts slowly (${start.name})`,
      host,
      start.line,
      async () => {
        const port = await freePort()
        const https = start.secure ? await selfSigned() : undefined
        const server = { port, ...(start.host && { host: start.host }) }
        using root = appOf(host, { server, https, slowMs: 500 })
        await using child = host.start(root.dir)
        await child.sees(/building/)
        const address = await boundAddress(host, start.host)
        const env = address === undefined ? {} : { RIVAL_HOSTS: address }
        await using rival = startNode([rivalProgram, String(port)], { env })
        await rival.sees(/tries [1-9]\d\d/)
        const url = await host.url(child)
        expect(Number(url.port)).toBe(port)
        const hostname = start.host === 'local-ip' ? localIp : 'localhost'
        const page = await get(`http${start.secure ? 's' : ''}://${hostname}:${port}/`)
        expect(page.text).toContain('<h1>app</h1>')
        await child.sees(new RegExp(`dev +https?://\\S+:${port}/ +preferred`))
        expect(rival.output()).not.toContain('won')
        // And it is a rival worth the name: it wins as soon as the server is gone.
        await child.end('SIGKILL')
        await rival.sees(new RegExp(`won ${port}`))
      },
    )

  check('a request made while it is starting is answered', host, 'early-request', async () => {
    const port = await freePort()
    using root = appOf(host, { server: { port }, slowMs: 2000 })
    await using child = host.start(root.dir)
    await child.sees(/building/)
    const before = performance.now()
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
    // It was sent well before the first compile was done, so it must have waited.
    expect(performance.now() - before).toBeGreaterThan(500)
  })
}

function choiceLines(host: Host): void {
  check('--port wins over the config', host, 'typed-port', async () => {
    const [from, to] = await freeRange(3)
    using root = appOf(host, { server: { port: from } })
    await using child = host.start(root.dir, ['--port', String(to)])
    expect(Number((await host.url(child)).port)).toBe(to)
    await child.sees(/dev .*from --port/)
    expect((await get(`http://localhost:${to}/`)).text).toContain('<h1>app</h1>')
  })

  check("port: 'auto' leaves the choice to the plugin", host, 'auto-port', async () => {
    const port = await freePort()
    using root = appOf(host, {
      server: { port: 'auto' },
      ports: JSON.stringify({ services: { dev: port } }),
    })
    await using child = host.start(root.dir)
    expect(Number((await host.url(child)).port)).toBe(port)
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
  })

  test('strict and busy: it ends, and the error names who is there', async () => {
    await using taken = await occupy('127.0.0.1')
    using root = appOf(host, { server: { port: taken.port }, ports: '{ strict: true }' })
    await using child = host.start(root.dir)
    expect((await child.ended).code).toBeGreaterThan(0)
    expect(child.output()).toContain('PORTS_TAKEN')
    expect(child.output()).toContain(`"dev" may only use ${taken.port}`)
    expect(child.output()).toContain(`pid ${process.pid}`)
  })

  test('ten copies started at once get ten ports and serve them', async () => {
    const [from, to] = await freeRange(12)
    const ports = JSON.stringify({ services: { dev: { preferred: from, range: [from, to] } } })
    const roots = Array.from({ length: 10 }, () => appOf(host, { ports }))
    const children = roots.map((root) => host.start(root.dir))
    try {
      const found = await Promise.all(
        children.map(async (child) => Number((await host.url(child)).port)),
      )
      expect(new Set(found).size).toBe(10)
      const pages = await Promise.all(found.map((port) => get(`http://localhost:${port}/`)))
      expect(pages.every((page) => page.text.includes('<h1>app</h1>'))).toBe(true)
      expect(roots.map((root) => Number(envOf(root).DEV_PORT))).toEqual(found)
    } finally {
      await Promise.all(children.map((child) => child.end()))
      for (const root of roots) root[Symbol.dispose]()
    }
  }, 120_000)
}

function serviceLines(host: Host): void {
  test('the proxy carries HTTP and WebSocket, whenever the API comes', async () => {
    const [from, to] = await freeRange(4)
    using root = appOf(host, {
      server: { port: from },
      ports: JSON.stringify({
        services: { api: { preferred: to, proxy: ['/api', '^/v\\d+/'] } },
      }),
    })
    await using child = host.start(root.dir)
    const url = `http://localhost:${(await host.url(child)).port}`
    const missing = await get(`${url}/api/x`)
    expect(missing.status).toBe(502)
    expect(missing.text).toContain(`nothing answers on port ${to}, the port of the "api" service`)
    expect(missing.text).toContain(`API_PORT=${to} (in .env.local)`)
    expect(await refusal(`${url}/api/ws`)).toBe(502)
    expect(child.output().match(/nothing answers on port/g)).toHaveLength(1)
    expect(child.output()).not.toMatch(/ECONNREFUSED|proxy error|^ +at /im)

    await using api = startNode([apiProgram, 'mine'], { cwd: root.dir })
    await api.sees(new RegExp(`api on ${to}`))
    const answer = JSON.parse((await get(`${url}/api/x`)).text) as unknown
    expect(answer).toMatchObject({ name: 'mine', url: '/api/x' })
    expect(await echo(`${url}/api/ws`, 'hello')).toBe('mine: hello')
    const versioned = (await get(`${url}/v2/x`)).text
    expect(JSON.parse(versioned)).toMatchObject({ name: 'mine', url: '/v2/x' })
    expect(await echo(`${url}/v2/ws`, 'hello')).toBe('mine: hello')

    // Once more, with the API running already: it is recognised and used as it is.
    await child.end('SIGINT')
    await using second = host.start(root.dir)
    const again = `http://localhost:${(await host.url(second)).port}`
    await second.sees(new RegExp(`api +${to} +preferred \\(1 attempt\\); already running`))
    expect(JSON.parse((await get(`${again}/api/x`)).text)).toMatchObject({ name: 'mine' })
  })

  check('HMR on a port of its own', host, 'separate-hmr', async () => {
    const [from, to] = await freeRange(3)
    using root = appOf(host, {
      server: { port: from },
      ports: JSON.stringify({ services: { hmr: { separate: true, preferred: to } } }),
    })
    await using child = host.start(root.dir)
    const page = await host.url(child)
    await child.sees(new RegExp(`hmr +${to} +preferred`))
    expect(envOf(root)[host.hmr.variable]).toBe(String(to))
    expect((await get(`http://localhost:${to}/`)).status).toBe(426)
    expect(await greeting(host, to, page)).toMatch(host.hmr.greeting)
  })

  test('client code knows the services', async () => {
    const [from, to] = await freeRange(3)
    using root = appOf(host, {
      server: { port: from },
      ports: JSON.stringify({ services: { api: to } }),
    })
    await using child = host.start(root.dir)
    const page = await host.url(child)
    const { portsCode } = host
    const path = typeof portsCode === 'string' ? portsCode : await portsCode(page)
    const { text } = await get(`http://localhost:${from}${path}`)
    expect(text).toContain(`http://localhost:${to}`)
    expect(text).toContain(`http://localhost:${from}`)
  })
}

function endLines(host: Host): void {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    '%s leaves nothing behind',
    async (signal) => {
      const [from, to] = await freeRange(4)
      using root = appOf(host, {
        server: { port: from },
        ports: JSON.stringify({
          services: { hmr: { separate: true, preferred: from + 1 }, api: { preferred: to } },
        }),
      })
      await using child = host.start(root.dir)
      await host.url(child)
      await child.sees(/Ports:[^]*api/)
      expect(await accepts(from)).toBe(true)
      expect(await accepts(from + 1)).toBe(true)
      expect(await isFree(to), 'a server of others must be able to bind').toBe(true)
      await child.end(signal)
      expect(await isFree(from)).toBe(true)
      expect(await isFree(from + 1)).toBe(true)
    },
  )
}

/** A test that is skipped, and says why, when the host can't do what `line` is about. */
function check(title: string, host: Host, line: Line | undefined, run: () => Promise<void>): void {
  const reason = line && host.cannot[line]
  if (reason) test.skip(`${title}: ${reason}`, run)
  else test(title, run)
}

/** The variables in the app's env file. */
export function envOf(root: TempRoot): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
}

/** The address that the server binds for this `host` option; `undefined` for all. */
async function boundAddress(host: Host, option: string | undefined): Promise<string | undefined> {
  if (option === 'local-ip') return localIp
  const name = option ?? (host.defaultHost === 'localhost' ? 'localhost' : undefined)
  return name && (await lookup(name)).address
}

/** What the page of that URL hears first on the HMR socket. */
async function greeting(host: Host, port: number, page: URL): Promise<string> {
  const path = await host.hmr.path(page)
  const socket = new WebSocket(`ws://localhost:${port}${path}`, [...host.hmr.protocols], {
    headers: { origin: page.origin },
  })
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return data.toString()
}

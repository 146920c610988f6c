import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alive } from '../_utils/alive.ts'
import type { Child } from '../_utils/children.ts'
import { runCli } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { farmHost } from './_hosts/farm.ts'
import { rsbuildHost } from './_hosts/rsbuild.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { webpackCliHost } from './_hosts/webpack.ts'
import { appOf } from './_suite.ts'

const NODE = [process.execPath, join(repo, 'test/fixtures/processes/api.mjs')]

interface Told {
  readonly pid: number
  readonly env: Record<string, string>
}

/** A Vite app whose options are all in a config file. */
function app(port: number, services: object): TempRoot {
  const root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports()], server: { port: ${port} } }
`,
    'ports.config.json': JSON.stringify({ services }),
  })
  return root
}

function edit(root: TempRoot, services: object): void {
  root.write({ 'ports.config.json': JSON.stringify({ services }) })
}

async function tells(url: string): Promise<Told> {
  return JSON.parse((await get(url)).text) as Told
}

describe('plain vite', () => {
  test('brings the API up, keeps it over its own restart, and takes it along', async () => {
    const [port] = await freeRange(2)
    using root = app(port, {
      api: { preferred: port + 1, command: NODE, proxy: '/api' },
    })
    await using vite = startVite('vite', root.dir)
    const dev = await localPort(vite)
    const { pid, env } = await tells(`http://localhost:${dev}/api/x`)
    expect(env).toMatchObject({ PORT: String(port + 1), DEV_PORT: String(dev) })
    await vite.sees(new RegExp(`^\\[api\\] api listens on ${port + 1}$`, 'm'))

    root.write({
      'vite.config.mjs': `${readFileSync(join(root.dir, 'vite.config.mjs'), 'utf8')}\n`,
    })
    await vite.sees(/server restarted/)
    expect((await tells(`http://localhost:${dev}/api/x`)).pid).toBe(pid)

    expect((await vite.end('SIGTERM')).signal).toBeNull()
    await until(() => !alive(pid))
    expect(await isFree(port + 1)).toBe(true)
  })

  test('`ports stop` ends the API alone', async () => {
    const [port] = await freeRange(2)
    using root = app(port, { api: { preferred: port + 1, command: NODE, proxy: '/api' } })
    await using vite = startVite('vite', root.dir)
    const dev = await localPort(vite)
    const { pid } = await tells(`http://localhost:${dev}/api/x`)
    const { code, stdout } = await runCli(['stop', 'api'], { cwd: root.dir })
    expect(stdout).toContain(`${port + 1}  stopped`)
    expect(code).toBe(0)
    expect(alive(pid)).toBe(false)
    expect((await get(`http://localhost:${dev}/`)).status).toBe(200)
  })

  test('Ctrl-C ends what depends on others first', async () => {
    const [port] = await freeRange(3)
    using root = app(port, {})
    const log = join(root.dir, 'log')
    const service = (name: string, index: number, more: object = {}) => ({
      preferred: port + index,
      command: NODE,
      health: '/',
      env: { NAME: name, LOG: log },
      ...more,
    })
    edit(root, { web: service('web', 1, { dependsOn: 'db' }), db: service('db', 2) })
    await using vite = startVite('vite', root.dir)
    await vite.sees(/^\[web\] web listens/m)
    expect((await vite.end('SIGINT')).signal).toBe('SIGINT')
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      ...['db', 'web'].flatMap((name) => [`start ${name}`, `listen ${name}`]),
      ...['web', 'db'].map((name) => `end ${name}`),
    ])
  })

  test('SIGKILL leaves nothing', async () => {
    const [port] = await freeRange(2)
    using root = app(port, { api: { preferred: port + 1, command: NODE } })
    await using vite = startVite('vite', root.dir)
    const { pid } = await tells(`http://localhost:${await portOf(vite, 'api')}/`)
    await vite.end('SIGKILL')
    await until(() => !alive(pid))
    expect(await until(() => isFree(port + 1))).toBe(true)
  })

  test('an edit of the config starts, stops and starts again just what has changed', async () => {
    const [port] = await freeRange(5)
    const api = { preferred: port + 1, command: NODE, env: { NAME: 'api' } }
    const web = { preferred: port + 2, command: NODE, env: { NAME: 'web' } }
    using root = app(port, { api, web })
    await using vite = startVite('vite', root.dir)
    await vite.sees(/\[api\] api listens/)
    await vite.sees(/\[web\] web listens/)
    const urls = [1, 2, 3].map((index) => `http://localhost:${port + index}/`)
    const [first, second] = [await tells(urls[0] ?? ''), await tells(urls[1] ?? '')]

    const job = { preferred: port + 3, command: NODE, env: { NAME: 'job' } }
    edit(root, { api, web: { ...web, env: { NAME: 'new' } }, job })
    await vite.sees(/\[web\] new listens/)
    await vite.sees(/\[job\] job listens/)
    expect((await tells(urls[0] ?? '')).pid).toBe(first.pid)
    expect(alive(second.pid)).toBe(false)

    edit(root, { api, web: { ...web, env: { NAME: 'new' } }, job: { ...job, preferred: port + 4 } })
    await vite.sees(new RegExp(`\\[job\\] job listens on ${port + 4}`))
    await until(() => isFree(port + 3))

    edit(root, { api: { ...api, command: undefined }, web: { ...web, env: { NAME: 'new' } } })
    await until(async () => (await isFree(port + 1)) && (await isFree(port + 4)))
    expect(alive(first.pid)).toBe(false)
    expect((await tells(urls[1] ?? '')).env.NAME).toBe('new')
  })

  test('a second one uses the first one’s API, and starts it when that is gone', async () => {
    const [port] = await freeRange(3)
    using root = app(port, { api: { preferred: port + 2, command: NODE } })
    await using first = startVite('vite', root.dir)
    const { pid } = await tells(`http://localhost:${await portOf(first, 'api')}/`)
    await using second = startVite('vite', root.dir)
    await second.sees(/api .*already running/)
    expect(second.output()).not.toContain('[api]')
    await first.end('SIGTERM')
    await second.sees(/\[api\] api listens/)
    expect((await tells(`http://localhost:${port + 2}/`)).pid).not.toBe(pid)
  })

  test('a service that is this very server is its dev', async () => {
    const [port] = await freeRange(2)
    using root = app(port, { web: { preferred: port + 1, command: 'npm run dev' } })
    root.write({ 'package.json': '{ "type": "module", "scripts": { "dev": "vite" } }' })
    await using vite = startVite('vite', root.dir)
    await localPort(vite)
    await vite.sees(/web +shared with dev/)
    expect(readFileSync(join(root.dir, '.env.local'), 'utf8')).toContain(`WEB_PORT=${port}`)
  })

  test('options that make no sense', async () => {
    using root = app(3000, { api: { dependsOn: 'webb' }, web: { dependsOn: 'api' } })
    await using vite = startVite('vite', root.dir)
    await vite.sees(/services\.api\.dependsOn: "webb" is no service\. Did you mean "web"\?/)
    expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  })
})

const HOSTS = [webpackCliHost('webpack-dev-server'), rspackCliHost, rsbuildHost, farmHost]

describe.each(HOSTS)('$name', (host) => {
  test('brings the API up, says so, and takes it along', async () => {
    const [port] = await freeRange(2)
    using root = tempRoot()
    linkPackages(root.dir, host.packages)
    root.write(
      host.files({
        ports: JSON.stringify({
          services: { api: { preferred: port + 1, command: NODE, proxy: '/api' } },
        }),
        server: { port },
      }),
    )
    await using child = host.start(root.dir)
    const url = await host.url(child)
    const { pid } = await tells(new URL('/api/x', url).href)
    await child.sees(/^\[api\] api listens/m)
    await child.sees(/^ +api +\d+ .*started here$/m)
    await child.end('SIGTERM')
    await until(() => !alive(pid))
    await until(() => isFree(port + 1))
  })
})

async function portOf(vite: Child, service: string): Promise<string> {
  const [, port = ''] = await vite.sees(new RegExp(`^\\[${service}\\] .* listens on (\\d+)`, 'm'))
  return port
}

test('rsbuild, which leaves Ctrl+C to others, ends with the API that it has brought up', async () => {
  const [port] = await freeRange(2)
  const ports = `{ services: { api: { preferred: ${port + 1}, command: ${JSON.stringify(NODE)} } } }`
  using root = appOf(rsbuildHost, { server: { port }, ports })
  await using child = rsbuildHost.start(root.dir)
  await rsbuildHost.url(child)
  const { pid } = await until(() => tells(`http://localhost:${port + 1}/`))
  const { signal, code } = await child.end('SIGINT')
  expect(signal === 'SIGINT' || code === 130).toBe(true)
  await until(() => !alive(pid))
})

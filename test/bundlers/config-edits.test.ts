import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { replaceFile } from '../_utils/replace-file.ts'
import { freePort, freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { webpackCliHost } from './_hosts/webpack.ts'

type Services = Record<string, unknown>

const STARTS = `{
  name: 'starts',
  configureServer(server) { console.log('[start]') },
}`

/** An app whose options are all in a config file. */
function app(port: number, services: Services, more = ''): TempRoot {
  const root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default {
  plugins: [ports(${more}), ${STARTS}],
  server: { port: ${port} },
}
`,
    'ports.config.json': JSON.stringify({ services }),
  })
  return root
}

function edit(root: TempRoot, options: object | string, file = 'ports.config.json'): void {
  root.write({ [file]: typeof options === 'string' ? options : JSON.stringify(options) })
}

function envOf(root: TempRoot): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
}

async function leasedFor(port: number): Promise<string | undefined> {
  const holder = await whoHolds(port)
  return holder?.via === 'lease' ? holder.service : undefined
}

function countOf(child: Child, text: RegExp): number {
  return [...child.output().matchAll(new RegExp(text, 'g'))].length
}

describe('in a running Vite', () => {
  test('a new service gets its port and a removed one lets go of it; nothing restarts', async () => {
    const [dev, to] = await freeRange(4)
    using root = app(dev, { api: { preferred: dev + 1 } })
    await using child = startVite('vite', root.dir)
    expect(await localPort(child)).toBe(dev)
    await child.sees(new RegExp(`api +${dev + 1}`))

    edit(root, { services: { api: { preferred: dev + 1 }, db: { preferred: to } } })
    await child.sees(new RegExp(`db +${to} +preferred`))
    expect(envOf(root)).toMatchObject({ API_PORT: String(dev + 1), DB_PORT: String(to) })
    expect(await leasedFor(to)).toBe('db')
    const module = await fetch(`http://localhost:${dev}/@id/__x00__~ports`)
    expect(await module.text()).toContain(`"port": ${to}`)

    edit(root, { services: { db: { preferred: to } } })
    await until(async () => (await whoHolds(dev + 1)) === undefined)
    await until(() => !('API_PORT' in envOf(root)))
    expect(envOf(root)).toMatchObject({ DB_PORT: String(to), DEV_PORT: String(dev) })
    expect(await leasedFor(to)).toBe('db')
    await until(async () => {
      const again = await fetch(`http://localhost:${dev}/@id/__x00__~ports`)
      return !(await again.text()).includes('"api"')
    })
    expect(countOf(child, /\[start\]/)).toBe(1)
  })

  test('a service moves when its own settings have changed, and only then', async () => {
    const [dev, to] = await freeRange(6)
    using root = app(dev, { api: { preferred: dev + 1 }, db: { preferred: dev + 2 } })
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`db +${dev + 2}`))
    edit(root, {
      exclude: [to],
      services: { api: { preferred: to - 1 }, db: { preferred: dev + 2, description: 'the data' } },
    })
    await child.sees(new RegExp(`api +${to - 1}[^]*db +${dev + 2} .*the data`))
    await until(async () => (await whoHolds(dev + 1)) === undefined)
    expect(await leasedFor(to - 1)).toBe('api')
    expect(await leasedFor(dev + 2)).toBe('db')
  })

  test('a broken file is told once and changes nothing; the next good one counts', async () => {
    const [dev, to] = await freeRange(3)
    using root = app(dev, { api: { preferred: dev + 1 } })
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`api +${dev + 1}`))
    edit(root, '{\n  "services": {\n    "api": { "preferred": }\n  }\n}')
    await child.sees(/ports\.config\.json:3: expected a value, found "}"/)
    edit(root, '{\n  "services": {\n    "api": { "prefered": 1 }\n  }\n}')
    await child.sees(/ports\.config\.json:3 services\.api\.prefered: unknown option/)
    expect(await leasedFor(dev + 1)).toBe('api')
    expect(envOf(root).API_PORT).toBe(String(dev + 1))
    expect(countOf(child, /everything is as before/)).toBe(2)

    edit(root, { services: { api: { preferred: dev + 1 }, db: { preferred: to } } })
    await child.sees(new RegExp(`db +${to}`))
    expect(countOf(child, /\[start\]/)).toBe(1)
  })

  test('a required service that can not be had leaves everything as it was', async () => {
    const [dev, taken] = await freeRange(2)
    using root = app(dev, {})
    await using child = startVite('vite', root.dir)
    await child.sees(/Ports:/)
    edit(root, { services: { api: { range: [dev, dev] } } })
    await child.sees(/not followed, everything is as before.*no free port for "api"/)
    edit(root, { services: { api: { preferred: taken } } })
    await child.sees(new RegExp(`api +${taken}`))
  })

  test('the port of the dev server itself moves by a restart of the server, which says its new URL', async () => {
    const [dev, to] = await freeRange(3)
    using root = app(dev, { dev: { preferred: dev }, api: { preferred: dev + 1 } })
    root.write({
      'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(), ${STARTS}] }
`,
    })
    await using child = startVite('vite', root.dir)
    expect(await localPort(child)).toBe(dev)
    edit(root, { services: { dev: { preferred: to }, api: { preferred: dev + 1 } } })
    await child.sees(new RegExp(`Local: +http://localhost:${to}/`))
    expect((await fetch(`http://localhost:${to}/`)).status).toBe(200)
    await until(async () => (await whoHolds(dev)) === undefined)
    expect(await leasedFor(dev + 1)).toBe('api')
    expect(countOf(child, /\[start\]/)).toBe(2)
    // The new server follows as well.
    edit(root, { services: { dev: { preferred: to }, db: { preferred: dev } } })
    await child.sees(new RegExp(`db +${dev}`))
    expect(countOf(child, /\[start\]/)).toBe(2)
  })

  test('a proxied service that moves is followed by the proxy, without a restart', async () => {
    const [dev, to] = await freeRange(3)
    using root = app(dev, { api: { preferred: dev + 1, proxy: '/api' } })
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`api +${dev + 1}`))
    edit(root, { services: { api: { preferred: to, proxy: '/api' } } })
    await until(() => envOf(root).API_TARGET === `http://localhost:${to}`)
    await using api = startNode([join(repo, 'test/fixtures/programs/api.mjs'), 'moved'], {
      cwd: root.dir,
      env: { API_PORT: String(to) },
    })
    await api.sees(/api on/)
    expect(await (await fetch(`http://localhost:${dev}/api/x`)).text()).toContain('"moved"')
    expect(countOf(child, /\[start\]/)).toBe(1)
  })

  test('a new path to forward is there after a restart of the server', async () => {
    const [dev, api] = await freeRange(2)
    using root = app(dev, { api: { preferred: api } })
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`api +${api}`))
    edit(root, { services: { api: { preferred: api, proxy: '/api' } } })
    await until(async () => (await fetch(`http://localhost:${dev}/api/x`)).status === 502)
    expect(envOf(root).API_TARGET).toBe(`http://localhost:${api}`)
    expect(countOf(child, /\[start\]/)).toBe(2)
  })

  test('an edit of a compose file, or of the .env beside it, changes what it says, and nothing else', async () => {
    const [dev] = await freeRange(6)
    const file = (db: number, more = ''): string =>
      `services:\n  db:\n    image: x\n    ports: ['\${DB_PORT:-${db}}:5432']\n${more}`
    using root = app(dev, { api: { preferred: dev + 1 } })
    edit(root, {
      compose: 'deploy/compose.yaml',
      services: { api: { preferred: dev + 1 } },
    })
    root.write({ 'deploy/compose.yaml': file(dev + 2) })
    const compose = join(root.dir, 'deploy/compose.yaml')
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`db +${dev + 2}`))
    const leasedBefore = await whoHolds(dev + 1)

    const cache = `  cache:\n    image: x\n    ports: ['\${CACHE_PORT:-${dev + 4}}:6379']\n`
    replaceFile(compose, file(dev + 3, cache))
    await child.sees(new RegExp(`db +${dev + 3}[^]*cache +${dev + 4}`))
    await until(async () => (await whoHolds(dev + 2)) === undefined)
    expect(envOf(root)).toMatchObject({ DB_PORT: String(dev + 3), CACHE_PORT: String(dev + 4) })

    replaceFile(compose, 'services: [\n')
    await child.sees(
      /an edit of compose\.yaml was not followed, everything is as before.*is no YAML/,
    )
    expect(await leasedFor(dev + 3)).toBe('db')

    replaceFile(compose, file(dev + 3))
    await until(async () => (await whoHolds(dev + 4)) === undefined)
    replaceFile(join(root.dir, 'deploy/.env'), `DB_PORT=${dev + 5}\n`)
    await until(async () => (await leasedFor(dev + 5)) === 'db')
    await until(() => envOf(root).DB_PORT === String(dev + 5))
    expect(envOf(root)).toMatchObject({ API_PORT: String(dev + 1), DEV_PORT: String(dev) })
    expect(envOf(root)).not.toHaveProperty('CACHE_PORT')
    expect(await whoHolds(dev + 1)).toEqual(leasedBefore)
    expect(countOf(child, /\[start\]/)).toBe(1)
  })

  test('editors that put a new file in the place of the old one, again and again', async () => {
    const [dev, to] = await freeRange(4)
    using root = app(dev, {})
    const file = join(root.dir, 'ports.config.json')
    const replace = (port: number): void => {
      const other = `${file}.${port}`
      writeFileSync(other, JSON.stringify({ services: { api: { preferred: port } } }))
      renameSync(other, file)
    }
    await using child = startVite('vite', root.dir)
    await child.sees(/Ports:/)
    for (let port = dev + 1; port <= to; port++) {
      replace(port)
      await child.sees(new RegExp(`api +${port}`))
      await until(() => envOf(root).API_PORT === String(port))
    }
  })

  test('TypeScript is read anew, with what it imports', async () => {
    const [dev, to] = await freeRange(3)
    using root = app(dev, {})
    using elsewhere = tempRoot()
    renameSync(join(root.dir, 'ports.config.json'), join(elsewhere.dir, 'x.json'))
    const config = `import { defineConfig } from 'unplugin-ports/config'
import { port } from './shared.ts'
export default defineConfig({ services: { api: port as number } })
`
    root.write({ 'shared.ts': `export const port: number = ${dev + 1}`, 'ports.config.ts': config })
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`api +${dev + 1}`))
    root.write({ 'shared.ts': `export const port: number = ${to}` })
    edit(root, `${config}// edited\n`, 'ports.config.ts')
    await child.sees(new RegExp(`api +${to}`))
  })

  test('without the file only the code counts', async () => {
    const [dev, to] = await freeRange(3)
    using root = app(dev, { db: to }, `{ services: { api: ${dev + 1} } }`)
    using elsewhere = tempRoot()
    await using child = startVite('vite', root.dir)
    await child.sees(new RegExp(`db +${to}`))
    renameSync(join(root.dir, 'ports.config.json'), join(elsewhere.dir, 'x.json'))
    await until(async () => (await whoHolds(to)) === undefined)
    expect(await leasedFor(dev + 1)).toBe('api')
  })

  test('ends with SIGINT as ever, and nothing is left', async () => {
    const port = await freePort()
    using root = app(await freePort(), { api: port })
    await using child = startVite('vite', root.dir)
    await child.sees(/Ports:/)
    edit(root, { services: { api: port, db: {} } })
    await child.sees(/db +\d+/)
    expect((await child.end('SIGINT')).signal).toBe('SIGINT')
    await until(async () => (await whoHolds(port)) === undefined)
  })
})

describe.each([webpackCliHost('webpack-dev-server'), rspackCliHost])(
  'in a running $name',
  (host) => {
    test('services come and go; what the server can not change is told', async () => {
      const [dev, to] = await freeRange(5)
      using root = tempRoot()
      linkPackages(root.dir, host.packages)
      root.write({ ...host.files({ server: { port: dev } }) })
      edit(root, { services: { api: { preferred: dev + 1, proxy: '/api' } } })
      await using child = host.start(root.dir)
      await host.url(child)
      await child.sees(new RegExp(`api +${dev + 1}`))

      const api = { preferred: dev + 1, proxy: '/api' }
      edit(root, { services: { api, db: { preferred: to } } })
      await child.sees(new RegExp(`db +${to}`))
      expect(envOf(root)).toMatchObject({ API_PORT: String(dev + 1), DB_PORT: String(to) })
      expect(await leasedFor(to)).toBe('db')
      const code = (): Promise<string> =>
        fetch(`http://localhost:${dev}${host.portsCode}`).then((answer) => answer.text())
      await until(async () => new RegExp(`port\\W+${to}`).test(await code()))

      edit(root, { services: { api: { ...api, preferred: dev + 2 } } })
      const answer = () => fetch(`http://localhost:${dev}/api/x`)
      await until(async () => (await (await answer()).text()).includes(String(dev + 2)))
      expect((await answer()).status).toBe(502)
      await until(async () => (await whoHolds(to)) === undefined)
      expect(await whoHolds(dev + 1)).toBeUndefined()

      const more = { preferred: dev + 1, proxy: ['/api', '/more'] }
      edit(root, { services: { api: more, dev: { range: [to, to] }, db: { preferred: to } } })
      await child.sees(
        /ports\.config\.json has changed "dev", the proxy of "api", which counts from the next start on/,
      )
      await until(async () => (await leasedFor(to)) === 'db')
      expect(await leasedFor(dev + 2)).toBe('api')
      expect(await leasedFor(dev)).toBe('dev')
      expect((await answer()).status).toBe(502)
    })
  },
)

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import type { Child } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { rsbuildHost } from './_hosts/rsbuild.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { webpackCliHost } from './_hosts/webpack.ts'

interface Watching {
  readonly name: string
  /** Says so on standard output whenever its server is made. */
  readonly starts?: RegExp
  /** Writes an app whose dev server is on `port` and which has these services in its code. */
  prepare(root: TempRoot, port: number, services: string): void
  start(root: TempRoot): Promise<Child>
}

const hosts: Watching[] = [
  ...VITES.map((vite): Watching => ({
    name: vite,
    starts: /\[start\]/g,
    prepare(root, port, services) {
      linkPackages(root.dir, { vite })
      root.write({
        'index.html': '<h1>app</h1>',
        'vite.config.mjs': `import ports from 'unplugin-ports/vite'
const starts = { name: 'starts', configureServer() { console.log('[start]') } }
export default { plugins: [ports({ services: ${services} }), starts], server: { port: ${port} } }
`,
      })
    },
    async start(root) {
      const child = startVite(vite, root.dir)
      await localPort(child)
      return child
    },
  })),
  ...[webpackCliHost('webpack-dev-server'), rspackCliHost, rsbuildHost].map((host): Watching => ({
    name: host.name,
    prepare(root, port, services) {
      linkPackages(root.dir, host.packages)
      root.write({ ...host.files({ ports: `{ services: ${services} }`, server: { port } }) })
    },
    async start(root) {
      const child = host.start(root.dir)
      await host.url(child)
      return child
    },
  })),
]

function envOf(root: TempRoot): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
}

async function leasedFor(port: number): Promise<string | undefined> {
  const holder = await whoHolds(port)
  return holder?.via === 'lease' ? holder.service : undefined
}

describe.each(hosts)('in a running $name', ({ prepare, start, starts }) => {
  test('a port typed into .env counts at once, for its service alone, and its removal too', async () => {
    const [dev, to] = await freeRange(4)
    const [api, db] = [dev + 1, dev + 2]
    using root = tempRoot()
    prepare(root, dev, `{ api: { preferred: ${api}, proxy: '/api' }, db: ${db} }`)
    await using child = await start(root)
    await child.sees(new RegExp(`db +${db}`))

    root.write({ '.env': `API_PORT=${to}\n` })
    await until(async () => (await leasedFor(to)) === 'api')
    await until(() => envOf(root).API_PORT === String(to))
    await until(async () => (await whoHolds(api)) === undefined)
    expect(await leasedFor(db)).toBe('db')
    const answer = async (): Promise<string> =>
      fetch(`http://localhost:${dev}/api/x`).then((response) => response.text())
    await until(async () => (await answer()).includes(`port ${to}`))

    root.write({ '.env': '# nothing typed\n' })
    await until(async () => (await leasedFor(api)) === 'api')
    await until(async () => (await answer()).includes(`port ${api}`))
    expect(envOf(root)).toMatchObject({ API_PORT: String(api), DB_PORT: String(db) })
    expect(await leasedFor(db)).toBe('db')
  })

  test('our block is written again when it was deleted', async () => {
    const [dev, api] = await freeRange(2)
    using root = tempRoot()
    root.write({ '.env.local': 'MINE=1\n' })
    prepare(root, dev, `{ api: ${api} }`)
    await using child = await start(root)
    await child.sees(new RegExp(`api +${api}`))
    writeFileSync(join(root.dir, '.env.local'), 'MINE=2\n')
    await until(() => envOf(root).API_PORT === String(api))
    expect(envOf(root)).toMatchObject({ MINE: '2', DEV_PORT: String(dev) })
    rmSync(join(root.dir, '.env.local'))
    await until(() => envOf(root).API_PORT === String(api))
    expect(await leasedFor(api)).toBe('api')
  })

  test('a config file that is written later counts from then on, without a restart', async () => {
    const [dev, to] = await freeRange(4)
    const [api, db] = [dev + 1, dev + 2]
    using root = tempRoot()
    prepare(root, dev, `{ api: ${api} }`)
    await using child = await start(root)
    await child.sees(new RegExp(`api +${api}`))
    root.write({ 'ports.config.json': JSON.stringify({ services: { db } }) })
    await child.sees(new RegExp(`db +${db}`))
    await until(() => envOf(root).DB_PORT === String(db))
    expect(await leasedFor(db)).toBe('db')
    expect(await leasedFor(api)).toBe('api')

    root.write({ 'ports.config.json': JSON.stringify({ services: { db: to } }) })
    await child.sees(new RegExp(`db +${to}`))
    rmSync(join(root.dir, 'ports.config.json'))
    await until(async () => (await whoHolds(to)) === undefined)
    expect(await leasedFor(api)).toBe('api')
    if (starts) expect([...child.output().matchAll(starts)]).toHaveLength(1)
  })
})

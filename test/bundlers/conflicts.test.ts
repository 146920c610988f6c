import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { type Child } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { rsbuildHost } from './_hosts/rsbuild.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { webpackCliHost } from './_hosts/webpack.ts'
import { checkout, startApi } from './_checkout.ts'
import { HOSTS } from './_in-process.ts'

test.each(Object.entries(HOSTS))(
  "%s, onConflict 'move': env block and proxy go where the service goes",
  async (_, start) => {
    const [dev, to] = await freeRange(3)
    const from = dev + 1
    using mine = checkout()
    using other = checkout()
    const running = await start(mine.dir, {
      summary: false,
      onConflict: 'move',
      services: {
        dev,
        api: { range: [from, to], proxy: '/api', health: { intervalMs: 100 } },
      },
    })
    try {
      await using _foreign = await startApi(other, from, 'foreign')
      const block = () => parseEnv(readFileSync(join(mine.dir, '.env.local'), 'utf8'))
      await until(() => block().API_PORT === String(to))
      await using _own = await startApi(mine, to, 'own')
      const url = `http://localhost:${running.port}/api/x`
      await until(async () => (await get(url)).status === 200)
      expect(JSON.parse((await get(url)).text)).toMatchObject({ name: 'own' })
    } finally {
      await running.close()
    }
  },
)

const FAIL = (port: number): string =>
  `{ onConflict: 'fail', services: { api: { preferred: ${port}, health: { intervalMs: 100 } } } }`

const programs = [
  ...VITES.map((vite) => ({
    name: vite as string,
    async start(root: TempRoot, dev: number, options: string): Promise<Child> {
      linkPackages(root.dir, { vite })
      root.write({
        'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${options})], server: { port: ${dev} } }
`,
      })
      const child = startVite(vite, root.dir)
      await localPort(child)
      return child
    },
  })),
  ...[webpackCliHost('webpack-dev-server'), rspackCliHost, rsbuildHost].map((host) => ({
    name: host.name,
    async start(root: TempRoot, dev: number, options: string): Promise<Child> {
      linkPackages(root.dir, host.packages)
      root.write({ ...host.files({ ports: options, server: { port: dev } }) })
      const child = host.start(root.dir)
      await host.url(child)
      return child
    },
  })),
]

test.each(programs)(
  "$name, onConflict 'fail': an error, and the server closes",
  async ({ start }) => {
    const [dev, port] = await freeRange(2)
    using mine = checkout()
    using other = checkout()
    await using child = await start(mine, dev, FAIL(port))
    await using foreign = await startApi(other, port, 'foreign')
    await child.sees(/PORTS_STOLEN/)
    expect(child.output()).toContain(`reserved for "api", is taken by`)
    expect(child.output()).toContain(`pid ${foreign.pid}`)
    await until(() => isFree(dev))
  },
)

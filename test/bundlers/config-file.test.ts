import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, tempRoot } from '../_utils/temp.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { rsbuildHost } from './_hosts/rsbuild.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { viteHost } from './_hosts/vite.ts'
import { webpackCliHost, webpackProgramHost } from './_hosts/webpack.ts'

function envOf(dir: string): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(dir, '.env.local'), 'utf8'))
}

describe.each([
  viteHost,
  webpackCliHost('webpack-dev-server'),
  webpackProgramHost('webpack-dev-server', 'esm'),
  rspackCliHost,
  rsbuildHost,
])('$name', (host) => {
  test('has its port and its services from ports.config.ts, and code wins over it', async () => {
    const [from, to] = await freeRange(4)
    using root = tempRoot()
    linkPackages(root.dir, host.packages)
    root.write(host.files({ ports: `{ services: { db: { preferred: ${to} } } }` }))
    root.write({
      'ports.config.ts': `import { defineConfig } from 'unplugin-ports/config'
const first: number = ${from}
export default defineConfig({
  services: {
    dev: { preferred: first },
    api: { preferred: first + 1, proxy: '/api' },
    db: { preferred: first + 2, description: 'the data' },
  },
})
`,
    })
    await using child = host.start(root.dir)
    const url = await host.url(child)
    await child.sees(new RegExp(`api +${from + 1} [^]*db +${to} .*the data`))
    expect(envOf(root.dir)).toMatchObject({ API_PORT: String(from + 1), DB_PORT: String(to) })
    expect(url.port).toBe(String(from))
    expect((await get(new URL('/api/x', url).href)).status).toBe(502)
    expect((await get(url.href)).text).toContain('<h1>app</h1>')
  })

  test('a mistake in the file ends the start with file, line and key', async () => {
    using root = tempRoot()
    linkPackages(root.dir, host.packages)
    root.write(host.files({}))
    root.write({ 'ports.config.json': '{\n  "services": {\n    "api": { "preferred": 0 } } }' })
    await using child = host.start(root.dir)
    await child.sees(/ports\.config\.json:3 services\.api\.preferred: 0 is no port/)
  })
})

test('webpack says that an asynchronous config is none for it', async () => {
  const host = webpackCliHost('webpack-dev-server')
  using root = tempRoot()
  linkPackages(root.dir, host.packages)
  root.write(host.files({ server: {} }))
  root.write({ 'ports.config.mjs': 'export default async () => ({})' })
  await using child = host.start(root.dir)
  await child.sees(/ports\.config\.mjs: its function is asynchronous, .*return/)
})

test('one file in a workspace gives each package its part, side by side', async () => {
  const [from, to] = await freeRange(6)
  using root = tempRoot()
  const app = { 'index.html': '<h1>app</h1>', 'package.json': '{ "type": "module" }' }
  linkPackages(root.dir, { vite: 'vite' })
  for (const name of ['web', 'admin']) {
    for (const [file, text] of Object.entries(app)) root.write({ [`apps/${name}/${file}`]: text })
    root.write({
      [`apps/${name}/vite.config.mjs`]: `import ports from 'unplugin-ports/vite'\nexport default { plugins: [ports()] }`,
    })
  }
  root.write({
    'package.json': '{ "workspaces": ["apps/*"] }',
    'ports.config.json': JSON.stringify({
      services: { api: { preferred: from, range: [from, to] } },
      packages: {
        'apps/*': { services: { dev: { range: [from, to] } } },
        'apps/web': { services: { dev: { preferred: from + 2 } } },
        'apps/admin': { services: { dev: { preferred: from + 3 }, api: false } },
      },
    }),
  })
  await using web = startVite('vite', join(root.dir, 'apps/web'))
  await using admin = startVite('vite', join(root.dir, 'apps/admin'))
  expect([await localPort(web), await localPort(admin)]).toEqual([from + 2, from + 3])
  expect(envOf(join(root.dir, 'apps/web')).API_PORT).toBe(String(from))
  expect(envOf(join(root.dir, 'apps/admin'))).not.toHaveProperty('API_PORT')
})

test('a program has the services that it names as the file describes them', async () => {
  const [from] = await freeRange(2)
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({
    'package.json': '{ "type": "module" }',
    'ports.config.json': JSON.stringify({ services: { web: from, api: from + 1 } }),
    'program.mjs': `import { reserve } from 'unplugin-ports/api'
const one = await reserve({ services: { api: true } })
console.log('one', JSON.stringify(one.env()))
await one.release()
const all = await reserve({})
console.log('all', JSON.stringify(all.env()))
`,
  })
  await using child = startNode(['program.mjs'], { cwd: root.dir })
  expect((await child.ended).code).toBe(0)
  expect(child.output()).toBe(
    `one {"API_PORT":"${from + 1}","API_URL":"http://localhost:${from + 1}"}\n` +
      `all {"WEB_PORT":"${from}","WEB_URL":"http://localhost:${from}","API_PORT":"${from + 1}","API_URL":"http://localhost:${from + 1}"}\n`,
  )
})

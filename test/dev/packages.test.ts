import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageServices } from '../../src/dev/project/config-packages.ts'
import { startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { linkCommands } from '../_utils/projects.ts'
import { replaceFile } from '../_utils/replace-file.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** npm, a bundler and an API on a small machine, in milliseconds. */
const SLOW_MS = 60_000
const API = join(repo, 'test/fixtures/processes/api.mjs')

interface Hello {
  readonly hello: string
  readonly pid: number
}

async function hello(url: string): Promise<Hello> {
  return JSON.parse((await get(url)).text) as Hello
}

test('services of packages are started from the root of the workspace, in their directories', async () => {
  const [port] = await freeRange(3)
  using root = tempRoot('monorepo')
  linkPackages(root.dir, { vite: 'vite' })
  linkCommands(root.dir, { vite: 'vite/bin/vite.js' })
  const config = (api: number): string =>
    JSON.stringify({
      packages: {
        'packages/web': {
          services: { dev: { command: 'vite', preferred: port, dependsOn: 'api' } },
        },
        'packages/api': { services: { api: { command: 'node server.js', preferred: api } } },
      },
    })
  root.write({ 'ports.config.json': config(port + 1) })
  // From one of its packages it is the same.
  const cwd = join(root.dir, 'packages/web')
  await using child = startNode([cliFile, 'dev'], { cwd })
  await child.sees(new RegExp(`^ +web +http://localhost:${port}/`, 'm'), SLOW_MS)
  await child.sees(/\[api\] the API is up/, SLOW_MS)
  await child.sees(/\[web\].*ready in/, SLOW_MS)
  const direct = await hello(`http://localhost:${port + 1}/`)
  expect(direct.hello).toBe(join(root.dir, 'packages/api'))
  expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
  expect((await hello(`http://localhost:${port}/api/hello`)).pid).toBe(direct.pid)

  replaceFile(join(root.dir, 'ports.config.json'), config(port + 2))
  await until(() => isFree(port + 1))
  await until(async () => (await hello(`http://localhost:${port + 2}/`)).pid !== direct.pid)
  await until(async () => {
    const { status } = await get(`http://localhost:${port}/api/hello`)
    return status === 200
  })
})

test('each gets a name of its own, and is found by its package under the old one', async () => {
  using root = tempRoot()
  const api = (more: object = {}) => ({ command: ['node', API], ...more })
  root.write({
    'package.json': '{ "workspaces": ["apps/*"] }',
    'ports.config.json': JSON.stringify({
      services: { mail: api() },
      packages: {
        'apps/*': { services: { api: api() } },
        'apps/web': { services: { dev: { command: 'vite', dependsOn: ['api', 'mail'] } } },
        './tools/': { services: { log: api(), mail: { proxy: '/mail' } } },
        'apps/gone': { services: { gone: api() } },
      },
    }),
    'apps/admin/package.json': '{}',
    'apps/web/package.json': '{}',
    'apps/web/vite.config.js': 'export default {}',
    'apps/own/package.json': '{}',
    'apps/own/ports.config.json': JSON.stringify({ services: { worker: api({ cwd: 'src' }) } }),
    'tools/log.py': '',
  })
  const { services, files } = await packageServices(root.dir, ['apps/*', './tools/'], false)
  const at = (place: string): string => join(root.dir, place)
  const command = ['node', API]
  expect(services).toEqual({
    api: { command, cwd: at('apps/admin') },
    worker: { command, cwd: at('apps/own/src') },
    'web-api': {
      command,
      cwd: at('apps/web'),
      env: expect.objectContaining({ API_PORT: '{web-api.port}', DEV_URL: '{web.url}' }),
    },
    web: {
      command: 'vite',
      preferred: 5173,
      cwd: at('apps/web'),
      dependsOn: ['web-api', 'mail'],
      env: expect.objectContaining({ API_PORT: '{web-api.port}', DEV_PORT: '{web.port}' }),
    },
    log: { command, cwd: at('tools') },
  })
  expect([...files.keys()]).toContain(at('apps/own/ports.config.json'))
})

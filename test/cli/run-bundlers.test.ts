import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { farmHost } from '../bundlers/_hosts/farm.ts'
import type { Host } from '../bundlers/_hosts/host.ts'
import { rsbuildHost } from '../bundlers/_hosts/rsbuild.ts'
import { rspackCliHost } from '../bundlers/_hosts/rspack.ts'
import { DEV_SERVERS, webpackCliHost } from '../bundlers/_hosts/webpack.ts'
import { cliFile, runJson } from '../_utils/cli.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { rivalOf } from '../_utils/held-program.ts'
import { get } from '../_utils/http.ts'
import { freePort, isFree } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** A bundler's command line as `ports run` gets it. */
interface Inside {
  readonly host: Host
  readonly command: readonly string[]
  readonly env?: Record<string, string>
}

const bin = (file: string): string => join(repo, 'node_modules', file)
const INSIDE: readonly Inside[] = [
  ...DEV_SERVERS.map((devServer) => ({
    host: webpackCliHost(devServer),
    command: [bin('webpack-cli/bin/cli.js'), 'serve'],
    env: { WEBPACK_DEV_SERVER_PACKAGE: devServer },
  })),
  { host: rspackCliHost, command: [bin('@rspack/cli/bin/rspack.js'), 'serve'] },
  { host: rsbuildHost, command: [bin('@rsbuild/core/bin/rsbuild.js'), 'dev'] },
  { host: farmHost, command: [bin('@farmfe/cli/bin/farm.mjs'), 'start'] },
]
const DEADLINE_MS = 60_000

const startRun = (
  root: TempRoot,
  args: readonly string[],
  env: Record<string, string> = {},
): Child => startNode([cliFile, 'run', ...args], { cwd: root.dir, env })

describe.each(INSIDE)('$host.name', ({ host, command, env }) => {
  test.skipIf(host.skip !== undefined)(
    'has the port that is held for it, whoever else wants that one',
    async () => {
      using root = tempRoot()
      linkPackages(root.dir, host.packages)
      root.write(host.files({ ports: '{ services: { api: {} } }' }))
      const port = await freePort()
      const bound = host.defaultHost === 'all' ? '::' : 'localhost'
      const flags = ['--port', String(port), '--host', bound]
      await using child = startRun(root, [...flags, process.execPath, ...command], env)
      await child.sees(/ports: app on/)
      await using rival = await rivalOf(port)
      await child.sees(/dev +https?:[^]*api/, DEADLINE_MS)
      const page = await until(async () => {
        const { text } = await get(`http://localhost:${port}/`)
        return text.includes('app') && text
      }, DEADLINE_MS)
      expect(page).toContain('<h1>app</h1>')
      expect(child.output()).toMatch(new RegExp(`dev +http://localhost:${port}/ +from PORT`))
      expect(child.output()).not.toContain('was faster')
      expect(rival.output()).not.toContain('won')
      const { DEV_PORT } = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
      expect(DEV_PORT).toBe(String(port))
      await rival.end()
      child.process.kill('SIGINT')
      await child.ended
      await until(() => isFree(port))
    },
    120_000,
  )
})

const SERVE = `import { context } from 'esbuild'
import ports, { serve } from 'unplugin-ports/esbuild'
const app = await context({
  entryPoints: ['main.js'], bundle: true, outdir: 'dist', plugins: [ports()],
})
await app.watch()
const { port } = await serve(app, { servedir: '.' })
console.log('esbuild serves on ' + port)
`
const PLAIN = `import { context } from 'esbuild'
const app = await context({ entryPoints: ['main.js'], bundle: true, outdir: 'dist' })
const { port } = await app.serve({ servedir: '.', port: Number(process.env.PORT) })
console.log('esbuild serves on ' + port)
`

describe('esbuild, which binds by itself', () => {
  const FILES = {
    'package.json': '{ "type": "module" }',
    'main.js': 'console.log(1)',
    'index.html': '<h1>app</h1>',
  }
  const PROGRAMS = [
    ['with the plugin', SERVE],
    ['without it', PLAIN],
  ] as const

  test.each(PROGRAMS)('%s gets the port', async (_, program) => {
    using root = tempRoot()
    linkPackages(root.dir, { esbuild: 'esbuild' })
    root.write({ ...FILES, 'serve.mjs': program })
    const port = await freePort()
    await using child = startRun(root, ['--port', String(port), process.execPath, 'serve.mjs'])
    await child.sees(new RegExp(`esbuild serves on ${port}`), DEADLINE_MS)
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
    await until(async () => {
      const { ports } = await runJson<{ ports: { port: number; state: string }[] }>([], {
        cwd: root.dir,
      })
      return ports.find((row) => row.port === port)?.state === 'serving'
    })
    child.process.kill('SIGTERM')
    await child.ended
    await until(() => isFree(port))
  })

  test.each(PROGRAMS)('%s goes on elsewhere when a rival is faster', async (_, program) => {
    using root = tempRoot()
    linkPackages(root.dir, { esbuild: 'esbuild' })
    root.write({ ...FILES, 'serve.mjs': program })
    const port = await freePort()
    const line = ['--port', String(port), process.execPath, 'serve.mjs']
    await using child = startRun(root, line)
    await child.sees(/ports: app on/)
    await using rival = await rivalOf(port)
    const served = await until(async () => {
      const [, last = ''] = /.*esbuild serves on (\d+)/s.exec(child.output()) ?? []
      return last !== '' && (await get(`http://localhost:${last}/`)).text.includes('app') && last
    }, DEADLINE_MS)
    const isLost = Number(served) !== port
    expect(rival.output().includes('won')).toBe(isLost)
    if (isLost) expect(child.output()).toMatch(new RegExp(`faster on ${port}; started again on`))
  })

  test('as a command is told its port', async () => {
    using root = tempRoot()
    root.write(FILES)
    const port = await freePort()
    const tool = join(repo, 'node_modules/.bin/esbuild')
    const line = [tool, '--servedir=.', '--serve={port}', '--log-level=info']
    // It ends with its stdin.
    await using child = startNode([cliFile, 'run', '--port', String(port), '--', ...line], {
      cwd: root.dir,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    expect(await until(async () => (await get(`http://127.0.0.1:${port}/`)).text)).toContain(
      '<h1>app</h1>',
    )
    child.process.kill('SIGTERM')
    await child.ended
    await until(() => isFree(port))
  })
})

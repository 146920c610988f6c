import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { selfSigned } from '../_utils/certificate.ts'
import { startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { DEV_SERVERS, pageFiles, startWebpack, tooOld, webpackUrl } from './_hosts/webpack.ts'
import { envOf } from './_suite.ts'

/** The page and these files. */
function app(files: Record<string, string>, packages: Record<string, string> = {}): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, { webpack: 'webpack', ...packages })
  root.write({ ...pageFiles, ...files })
  return root
}

/** A config as an expression; `ports` must be in scope. */
function config(port: number, more = ''): string {
  return `{ mode: 'development', plugins: [ports()], devServer: { port: ${port} }, ${more} }`
}

const esm = `import ports from 'unplugin-ports/webpack'\n`
const cjs = `const ports = require('unplugin-ports/webpack')\n`

/** Ways to write a config, by file name and text. */
const SHAPES: Record<string, { file: string; text: (port: number) => string }> = {
  'an ES module': {
    file: 'webpack.config.mjs',
    text: (port) => `${esm}export default ${config(port)}`,
  },
  CommonJS: {
    file: 'webpack.config.cjs',
    text: (port) => `${cjs}module.exports = ${config(port)}`,
  },
  'a function': {
    file: 'webpack.config.mjs',
    text: (port) => `${esm}export default () => (${config(port)})`,
  },
  'an async function in CommonJS': {
    file: 'webpack.config.cjs',
    text: (port) => `${cjs}module.exports = async () => (${config(port)})`,
  },
  'a Promise': {
    file: 'webpack.config.mjs',
    text: (port) => `${esm}export default Promise.resolve(${config(port)})`,
  },
  'an array of one': {
    file: 'webpack.config.mjs',
    text: (port) => `${esm}export default [${config(port)}]`,
  },
}

/** Node itself loads TypeScript; before that, webpack-cli needs a loader of the user's choice. */
function canStripTypes(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

describe.each(DEV_SERVERS)('webpack serve, %s', (devServer) => {
  const testHere = test.skipIf(tooOld(devServer))
  const serve = (root: TempRoot) => startWebpack(devServer, root.dir, ['serve'])

  testHere('http2: a request during the build waits, and a rival wins nothing', async () => {
    const port = await freePort()
    const tls = JSON.stringify(await selfSigned())
    const slow = `{ apply: (c) => c.hooks.watchRun.tapPromise('slow', () => {
      console.log('building'); return new Promise((resolve) => setTimeout(resolve, 1500)) }) }`
    using root = app({
      'webpack.config.mjs': `${esm}export default { mode: 'development', plugins: [ports(), ${slow}],
        devServer: { port: ${port}, host: '127.0.0.1', server: { type: 'http2', options: ${tls} } } }`,
    })
    await using child = serve(root)
    await child.sees(/building/)
    await using rival = startNode([join(repo, 'test/fixtures/programs/rival.mjs'), String(port)])
    await rival.sees(/tries [1-9]\d\d/)
    // Its default app doesn't speak HTTP/2 itself; the server takes both.
    const early = request(`https://127.0.0.1:${port}/`, { rejectUnauthorized: false, agent: false })
    early.end()
    const [response] = (await once(early, 'response')) as [IncomingMessage]
    let page = ''
    for await (const chunk of response) page += String(chunk)
    expect(page).toContain('<h1>app</h1>')
    await child.sees(new RegExp(`dev +https://127.0.0.1:${port}/`))
    expect(rival.output()).not.toContain('won')
    await child.end('SIGKILL')
    await rival.sees(/won/)
  })

  testHere('a client URL that names the configured port follows it', async () => {
    const [from] = await freeRange(2)
    await using _taken = await occupy('127.0.0.1', from)
    for (const url of [`'ws://localhost:${from}/ws'`, `{ hostname: 'localhost', port: ${from} }`]) {
      using root = app({
        'webpack.config.mjs': `${esm}export default { mode: 'development', devtool: false, plugins: [ports()],
          devServer: { port: ${from}, client: { webSocketURL: ${url} } } }`,
      })
      await using child = serve(root)
      const { origin, port } = await webpackUrl(child)
      expect(Number(port)).toBe(from + 1)
      await child.sees(/hmr +shared with dev/)
      const code = (await get(`${origin}/main.js`)).text
      // As a query by itself in version 5, as JSON in one in version 6.
      expect(code).toMatch(new RegExp(`port(=|%22%3A)${from + 1}`))
      expect(code).not.toMatch(new RegExp(`port(=|%22%3A)${from}\\b`))
    }
  })

  test.skipIf(tooOld(devServer) !== undefined || !canStripTypes())(
    'the config is TypeScript',
    async () => {
      const port = await freePort()
      using root = app({
        'webpack.config.ts': `${esm}import type { Configuration } from 'webpack'
const config: Configuration & { devServer: object } = ${config(port)}
export default config`,
      })
      await using child = serve(root)
      expect(Number((await webpackUrl(child)).port)).toBe(port)
      expect(envOf(root).DEV_PORT).toBe(String(port))
    },
  )

  testHere.each(Object.entries(SHAPES))('the config is %s', async (_shape, { file, text }) => {
    const port = await freePort()
    using root = app({ [file]: text(port) })
    await using child = serve(root)
    expect(Number((await webpackUrl(child)).port)).toBe(port)
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
    await child.sees(new RegExp(`dev +http://localhost:${port}/ +preferred`))
    expect(envOf(root).DEV_PORT).toBe(String(port))
  })

  testHere('two configs with a dev server each: two ports', async () => {
    const [from] = await freeRange(3)
    const one = (name: string): string => `{
      name: '${name}', mode: 'development', plugins: [ports({ services: { dev: ${from} } })],
      devServer: { headers: { config: '${name}' } }, output: { filename: '${name}.js' },
    }`
    using root = app({ 'webpack.config.mjs': `${esm}export default [${one('a')}, ${one('b')}]` })
    await using child = serve(root)
    await child.sees(new RegExp(`dev +http://localhost:${from + 1}/`))
    // Each has the port that was chosen for its own config.
    for (const [port, name] of [
      [from, 'a'],
      [from + 1, 'b'],
    ] as const) {
      const page = await fetch(`http://localhost:${port}/`)
      expect(await page.text()).toContain('<h1>app</h1>')
      expect(page.headers.get('config')).toBe(name)
    }
    await child.end('SIGTERM')
    expect(await isFree(from)).toBe(true)
    expect(await isFree(from + 1)).toBe(true)
  })

  testHere.each(['first', 'last'])(
    'two configs, the %s with a dev server: one port',
    async (which) => {
      const [from] = await freeRange(3)
      const plugins = `plugins: [ports({ services: { dev: ${from} } })]`
      const served = `{ name: 'served', mode: 'development', ${plugins}, devServer: {} }`
      const other = `{ name: 'other', mode: 'development', ${plugins}, output: { filename: 'o.js' } }`
      const list = which === 'first' ? [served, other] : [other, served]
      using root = app({ 'webpack.config.mjs': `${esm}export default [${list.join(', ')}]` })
      await using child = serve(root)
      expect(Number((await webpackUrl(child)).port)).toBe(from)
      for (const file of ['main.js', 'o.js']) {
        const { text } = await get(`http://localhost:${from}/${file}`)
        expect(text, file).toContain(`http://localhost:${from}`)
      }
      await child.sees(/Ports:/)
      expect(child.output().match(/Ports:/g)).toHaveLength(1)
      expect(await isFree(from + 1)).toBe(true)
    },
  )

  testHere('two configs, only the last one with the plugin', async () => {
    const port = await freePort()
    const other = `{ name: 'other', mode: 'development', entry: './src/other.js', output: { filename: 'o.js' } }`
    using root = app({
      'src/other.js': '',
      'webpack.config.mjs': `${esm}export default [${other}, ${config(port)}]`,
    })
    await using child = serve(root)
    expect(Number((await webpackUrl(child)).port)).toBe(port)
    expect((await get(`http://localhost:${port}/`)).text).toContain('<h1>app</h1>')
    await child.sees(new RegExp(`dev +http://localhost:${port}/ +preferred`))
  })

  testHere('ports() twice in one config: the second one says that it does nothing', async () => {
    const [from] = await freeRange(3)
    const plugin = `ports({ services: { dev: ${from} } })`
    using root = app({
      'webpack.config.mjs': `${esm}export default { mode: 'development', devServer: {}, plugins: [${plugin}, ${plugin}] }`,
    })
    await using child = serve(root)
    expect(Number((await webpackUrl(child)).port)).toBe(from)
    await child.sees(/Ports:/)
    expect(child.output().match(/Ports:/g)).toHaveLength(1)
    expect(child.output().match(/plugins of one config twice/g)).toHaveLength(1)
    expect((await get(`http://localhost:${from}/main.js`)).text).toContain(`localhost:${from}`)
    expect(await isFree(from + 1)).toBe(true)
  })

  testHere.each(['run', 'watch'])(
    'a program that only builds (%s) holds nothing, though the dev server is loaded',
    async (how) => {
      const port = await freePort()
      const call = how === 'run' ? 'run(' : 'watch({}, '
      using root = app(
        {
          'build.mjs': `${esm}import webpack from 'webpack'
import 'webpack-dev-server'

if (!process.env.WEBPACK_SERVE) throw new Error('not the case that is meant')
const compiler = webpack(${config(port)})
console.log('applied')
setInterval(() => {}, 1000)
process.stdin.once('data', () => compiler.${call}(error) => console.log(error ?? 'built')))
`,
        },
        { 'webpack-dev-server': devServer },
      )
      await using child = startNode(['build.mjs'], { cwd: root.dir, stdio: 'pipe' })
      await child.sees(/applied/)
      expect(await isFree(port)).toBe(true)
      child.process.stdin?.write('go')
      await child.sees(/built/)
      expect(await isFree(port)).toBe(true)
      expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
      expect(child.output()).not.toMatch(/Ports:/)
    },
  )

  testHere.each(['stop', 'close'])('%s() of a program gives the ports back', async (how) => {
    const [from, to] = await freeRange(3)
    const options = JSON.stringify({
      services: { hmr: { separate: true, preferred: from + 1 }, api: to },
    })
    const program = `import webpack from 'webpack'
import ports from 'unplugin-ports/webpack'

const compiler = webpack({ mode: 'development', plugins: [ports(${options})] })
// Imported after the plugin has been applied.
const { default: WebpackDevServer } = await import('webpack-dev-server')
const server = new WebpackDevServer({ port: ${from}, setupExitSignals: false }, compiler)
await server.start()
process.once('SIGUSR2', async () => {
  ${how === 'stop' ? 'await server.stop()' : 'await new Promise((done) => compiler.close(done))'}
  console.log('done')
})
setInterval(() => {}, 1000)
`
    using root = app({ 'server.mjs': program }, { 'webpack-dev-server': devServer })
    await using child = startNode(['server.mjs'], { cwd: root.dir })
    expect(Number((await webpackUrl(child)).port)).toBe(from)
    expect((await get(`http://localhost:${from}/`)).text).toContain('<h1>app</h1>')
    expect((await get(`http://localhost:${from + 1}/`)).status).toBe(426)
    child.process.kill('SIGUSR2')
    await child.sees(/^done$/m)
    // `compiler.close()` leaves the server to whoever started it.
    expect(await isFree(from)).toBe(how === 'stop')
    expect(await isFree(from + 1)).toBe(how === 'stop')
    expect(child.process.exitCode).toBe(null)
  })
})

const SURROUNDINGS = [
  ['alone', {}],
  ['started by a dev server', { WEBPACK_SERVE: 'true' }],
] as const

test.each(SURROUNDINGS)('a build %s has no ports, env file or output of ours', async (_, env) => {
  const port = await freePort()
  using root = app({
    'webpack.config.mjs': `${esm}export default ${config(port)}`,
  })
  await using child = startWebpack('webpack-dev-server', root.dir, ['build'], env)
  expect((await child.ended).code, child.output()).toBe(0)
  expect(statSync(join(root.dir, 'dist/main.js')).size).toBeGreaterThan(0)
  expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  expect(child.output()).not.toMatch(/Ports:|unplugin-ports\]/)
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { accepts, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import type { TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import {
  bundle,
  describeWatching,
  envOf,
  mainText,
  plainApp,
  released,
  startProgram,
  type WatchingHost,
} from './_watching.ts'

/** Imports, options, and a plugin that prints what the programs here are expected to. */
function head(ports: string): string {
  return `import { existsSync } from 'node:fs'
import * as esbuild from 'esbuild'
import { port } from 'unplugin-ports/api'
import ports, { serve } from 'unplugin-ports/esbuild'
let said = false
const reader = {
  name: 'reader',
  setup(build) {
    build.onStart(() => { said ||= !console.log('env: ' + existsSync('.env.local')) })
    build.onEnd(({ errors }) => { console.log(errors.length ? 'failed' : 'built') })
  },
}
const slow = { name: 'slow', setup: async () => {} }
const options = {
  entryPoints: ['main.js'], bundle: true, format: 'esm', outfile: 'out.mjs', logLevel: 'error',
  plugins: [reader, ports(${ports})],
}
`
}

function esbuildHost(installed: string): WatchingHost {
  return {
    name: 'esbuild',
    packages: { esbuild: installed },
    watcher: (ports) => `${head(ports).replace(`logLevel: 'error',`, `logLevel: 'info',`)}
try {
  const context = await esbuild.context(options)
  await context.watch()
  process.once('message', async () => {
    await context.dispose()
    console.log('closed')
    process.on('message', () => {})
  })
} catch (error) {
  console.log('failed: ' + error.message)
}
`,
    build: (ports) => `${head(ports)}
await esbuild.build(options)
process.once('message', () => process.disconnect())
`,
  }
}

// The oldest one that is supported comes with another package.
describe.each(['esbuild', 'vite6/node_modules/esbuild'])('%s', (installed) => {
  describeWatching(esbuildHost(installed))

  test('serve() gives esbuild a reserved port, and everybody knows it', async () => {
    const [from, to] = await freeRange(4)
    await using _taken = await occupy('127.0.0.1', from)
    using root = app(installed, {
      services: { dev: { preferred: from, range: [from, to] }, api: to },
      steps: `
const known = port('dev')
const result = await serve(context, { servedir: '.', host: '127.0.0.1' })
console.log(JSON.stringify({ ...result, known: await known, api: await port('api') }))`,
    })
    await using child = startProgram(root, 'serve.mjs')
    const served = JSON.parse((await child.sees(/^\{.*\}$/m))[0]) as Record<string, unknown>
    const port = from + 1
    expect(served).toMatchObject({ port, hosts: ['127.0.0.1'], known: port, api: to })
    const page = await (await fetch(`http://127.0.0.1:${port}/main.js`)).text()
    expect(page).toContain('~ports')
    expect(envOf(root)).toMatchObject({
      DEV_PORT: String(port),
      DEV_URL: `http://127.0.0.1:${port}`,
      API_PORT: String(to),
    })
    expect(await whoHolds(port)).toMatchObject({ via: 'lease', service: 'dev', root: root.dir })
    await child.sees(/dev +http:\/\/127\.0\.0\.1:\d+\/ +fallback \(2 attempts\)[^]*api +\d+/)

    child.process.send('close')
    await child.sees(/closed/)
    await released(port)
    await released(to)
    expect(await accepts(port, '127.0.0.1')).toBe(false)
    expect(child.process.exitCode).toBe(null)
  })

  test('watch() and serve() print one summary, and the bundle has both ports', async () => {
    const [from, to] = await freeRange(2)
    using root = app(installed, {
      services: { dev: from, api: to },
      steps: `await context.watch()\nconsole.log('port ' + (await serve(context)).port)`,
    })
    await using child = startProgram(root, 'serve.mjs')
    await child.sees(new RegExp(`port ${from}`))
    await child.sees(/➜ {2}Ports[^]*dev[^]*api/)
    // A build that comes after the server knows of it.
    root.write({ 'main.js': mainText('second') })
    await until(async () => (await bundle(root)).edit === 'second')
    expect((await bundle(root)).ports).toMatchObject({ api: { port: to }, dev: { port: from } })
    expect(child.output().match(/➜ {2}Ports/g)).toHaveLength(1)
  })

  test('a stranger that is faster than esbuild costs a port, and that is said', async () => {
    const [from, to] = await freeRange(4)
    using root = app(installed, {
      services: { dev: { preferred: from, range: [from, to] } },
      steps: `
import { createServer } from 'node:net'
import { once } from 'node:events'
const { serve: real } = context
context.serve = async (options) => {
  // Binds in the very gap, twice.
  if (options.port < ${from + 2}) {
    await once(createServer().listen(options.port, options.host).unref(), 'listening')
  }
  return real.call(context, options)
}
console.log('port ' + (await serve(context, { host: '127.0.0.1' })).port)`,
    })
    await using child = startProgram(root, 'serve.mjs')
    await child.sees(new RegExp(`port ${from + 2}$`, 'm'))
    expect(envOf(root).DEV_PORT).toBe(String(from + 2))
    expect(child.output()).toMatch(new RegExp(`ports: ${from} was taken by another program`))
    expect(child.output()).toMatch(new RegExp(`ports: ${from + 1} was taken by another program`))
    await child.sees(new RegExp(`dev +http://127.0.0.1:${from + 2}/ +fallback \\(3 attempts\\)`))
    expect((await fetch(`http://127.0.0.1:${from + 2}/`)).status).toBeLessThan(500)
    expect(await whoHolds(from + 2)).toMatchObject({ via: 'lease', service: 'dev' })
    // Theirs is theirs alone.
    expect(await whoHolds(from)).toMatchObject({ via: 'system', pid: child.pid })
  })

  test('what esbuild itself refuses is not taken for a stranger', async () => {
    const [port] = await freeRange(1)
    using root = app(installed, {
      services: { dev: port },
      steps: `
await serve(context)
await serve(context).catch((error) => console.log('refused: ' + error.message))`,
    })
    await using child = startProgram(root, 'serve.mjs')
    await child.sees(/refused: (?!.*another program)/)
  })
})

test('behind an asynchronous plugin, watching is noticed at the second build and said', async () => {
  const [port] = await freeRange(1)
  const host = esbuildHost('esbuild')
  using root = plainApp(host)
  const ports = JSON.stringify({ services: { api: port } })
  const behind = (text: string): string =>
    text.replace('plugins: [reader,', 'plugins: [reader, slow,')
  root.write({ 'watch.mjs': behind(host.watcher(ports)), 'build.mjs': behind(host.build(ports)) })
  {
    await using build = startProgram(root, 'build.mjs')
    await build.sees(/built/)
    build.process.send('end')
    await build.ended
    expect(build.output().trim()).toBe('env: false\nbuilt')
    expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  }
  await using child = startProgram(root, 'watch.mjs')
  await child.sees(/built/)
  expect((await bundle(root)).ports).toEqual({})
  root.write({ 'main.js': mainText('second') })
  await until(async () => (await bundle(root)).edit === 'second')
  expect((await bundle(root)).ports.api?.port).toBe(port)
  await child.sees(/Put ports\(\) first in `plugins`/)
  await child.sees(/api +\d+ +preferred/)
  child.process.send('close')
  await child.sees(/closed/)
  await released(port)
})

test('two contexts share the ports; disposing of one keeps them', async () => {
  const [port] = await freeRange(1)
  using root = plainApp(esbuildHost('esbuild'))
  root.write({
    'two.mjs': `${head(JSON.stringify({ services: { api: port } }))}
const told = { name: 'told', setup: (build) => build.onDispose(() => console.log('one left')) }
const one = await esbuild.context({ ...options, plugins: [...options.plugins, told] })
const two = await esbuild.context({ ...options, outfile: 'two.mjs', write: false })
await one.dispose()
process.once('message', async () => {
  await two.dispose()
  console.log('closed')
  process.on('message', () => {})
})`,
  })
  await using child = startProgram(root, 'two.mjs')
  await child.sees(/one left/)
  expect(await whoHolds(port)).toMatchObject({ service: 'api', pid: child.pid })
  child.process.send('close')
  await child.sees(/closed/)
  await released(port)
  expect(await isFree(port)).toBe(true)
})

/** An app whose program makes a context and then takes `steps`; a message disposes of the context. */
function app(
  installed: string,
  { services, steps }: { services: object; steps: string },
): TempRoot {
  const root = plainApp(esbuildHost(installed))
  root.write({
    'serve.mjs': `${head(JSON.stringify({ services }))}
const context = await esbuild.context(options)
process.once('message', async () => {
  await context.dispose()
  console.log('closed')
  process.on('message', () => {})
})
${steps}
`,
  })
  return root
}

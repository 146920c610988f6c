import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { bundle, describeWatching, envOf, plainApp, released, startProgram } from './_watching.ts'
import { rollupLike } from './_rollup-like.ts'

describeWatching(rollupLike('rollup'))

test('the rollup command: an edited config restarts with the same ports', async () => {
  const [from, to] = await freeRange(3)
  await using _taken = await occupy('127.0.0.1', from)
  using root = plainApp(rollupLike('rollup'))
  const config = (banner: string): string => `import ports from 'unplugin-ports/rollup'
export default {
  input: 'main.js',
  plugins: [ports({ services: { api: { preferred: ${from}, range: [${from}, ${to}] } } })],
  output: { file: 'out.mjs', banner: 'export const banner = "${banner}"' },
}`
  root.write({ 'rollup.config.mjs': config('one') })
  const command = join(repo, 'node_modules/rollup/dist/bin/rollup')
  await using child = startNode([command, '-c', '-w'], { cwd: root.dir })
  await child.sees(/created out\.mjs/)
  expect(envOf(root).API_PORT).toBe(String(from + 1))
  await child.sees(new RegExp(`api +${from + 1} +fallback`))
  root.write({ 'rollup.config.mjs': config('two') })
  await until(async () => ((await bundle(root)) as { banner?: string }).banner === 'two')
  expect((await bundle(root)).ports.api?.port).toBe(from + 1)
  expect(await whoHolds(from + 1)).toMatchObject({ service: 'api', pid: child.pid })
  await child.end('SIGTERM')
  await released(from + 1)
})

test('several configs share the ports of their root', async () => {
  const [port] = await freeRange(1)
  using root = plainApp(rollupLike('rollup'))
  root.write({
    'rollup.config.mjs': `import ports from 'unplugin-ports/rollup'
export default ['out', 'other'].map((name) => ({
  input: 'main.js',
  plugins: [ports({ services: { api: ${port} } })],
  output: { file: name + '.mjs' },
}))`,
  })
  const command = join(repo, 'node_modules/rollup/dist/bin/rollup')
  await using child = startNode([command, '-c', '-w'], { cwd: root.dir })
  await child.sees(/created out\.mjs[^]*created other\.mjs/)
  expect((await bundle(root)).ports.api?.port).toBe(port)
  expect(envOf(root).API_PORT).toBe(String(port))
})

test('logLevel silent hears nothing', async () => {
  const [port] = await freeRange(1)
  using root = plainApp(rollupLike('rollup'))
  root.write({
    'watch.mjs': rollupLike('rollup', `logLevel: 'silent',`).watcher(
      JSON.stringify({ services: { api: port } }),
    ),
  })
  await using child = startProgram(root, 'watch.mjs')
  await child.sees(/built/)
  expect(await whoHolds(port)).toMatchObject({ service: 'api' })
  child.process.send('close')
  await child.sees(/closed/)
  expect(child.output()).toBe('env: true\nbuilt\nclosed\n')
})

import { expect, test } from 'vitest'
import { get } from '../_utils/http.ts'
import { freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { pageFiles } from './_hosts/webpack.ts'

const config = (name: string, plugins: string): string => `{
  name: '${name}', mode: 'development', devtool: false, plugins: [${plugins}],
  devServer: { headers: { config: '${name}' } }, output: { filename: '${name}.js' },
}`

function app(source: string): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, rspackCliHost.packages)
  root.write({
    ...pageFiles,
    'rspack.config.mjs': `import ports from 'unplugin-ports/rspack'\nexport default ${source}`,
  })
  return root
}

// Children of `webpack serve` inherit its variable.
test.each<Record<string, string>>([{}, { WEBPACK_SERVE: 'true' }])(
  'of several configs with a dev server only the first is served, and only its port is held (%j)',
  async (env) => {
    const [from] = await freeRange(3)
    const plugins = `ports({ services: { dev: ${from} } })`
    using root = app(`[${config('a', plugins)}, ${config('b', plugins)}]`)
    await using child = rspackCliHost.start(root.dir, [], env)
    expect(Number((await rspackCliHost.url(child)).port)).toBe(from)
    await child.sees(/Ports:/)
    expect(await isFree(from + 1)).toBe(true)
    for (const file of ['a.js', 'b.js']) {
      const { text } = await get(`http://localhost:${from}/${file}`)
      expect(text, file).toContain(`http://localhost:${from}`)
    }
    expect(child.output().match(/Ports:/g)).toHaveLength(1)
    await child.end('SIGTERM')
    expect(await isFree(from)).toBe(true)
  },
)

test('ports() twice in one config: the second one says that it does nothing', async () => {
  const [from] = await freeRange(3)
  const plugin = `ports({ services: { dev: ${from} } })`
  using root = app(config('a', `${plugin}, ${plugin}`))
  await using child = rspackCliHost.start(root.dir)
  expect(Number((await rspackCliHost.url(child)).port)).toBe(from)
  await child.sees(/Ports:/)
  expect(child.output().match(/plugins of one config twice/g)).toHaveLength(1)
  expect(await isFree(from + 1)).toBe(true)
})

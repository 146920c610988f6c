import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { urlAfter } from '../bundlers/_hosts/host.ts'
import { DEV_SERVERS, startWebpack, tooOld, webpackUrl } from '../bundlers/_hosts/webpack.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { runCli } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { startVite, VITES } from '../_utils/vite.ts'
import { STARTERS } from './_starters.ts'

/** Stands in for the plugins of frameworks, which this repository has not installed. */
const PLUGIN = { 'node_modules/own/package.json': '{ "type": "module", "main": "main.js" }' }

interface Case {
  readonly starter: keyof typeof STARTERS
  /** Why it can't run here. */
  readonly skip?: string | undefined
  readonly packages: Record<string, string>
  readonly files: Record<string, string>
  /** What the starter imports that is not there, and what does instead. */
  readonly replace: readonly (readonly [string, string])[]
  start(dir: string): Child
  url(child: Child): Promise<URL>
}

const cases: [string, Case][] = [
  ...VITES.map((vite): [string, Case] => [
    vite,
    {
      starter: 'vite',
      packages: { vite },
      files: { 'node_modules/own/main.js': 'export default () => ({ name: "own" })' },
      replace: [['@vitejs/plugin-vue', 'own']],
      start: (dir) => startVite(vite, dir),
      url: (child) => urlAfter(child, /Local:/),
    },
  ]),
  [
    'rsbuild',
    {
      starter: 'rsbuild',
      packages: { '@rsbuild/core': '@rsbuild/core' },
      files: {
        'node_modules/own/main.js':
          'export const pluginReact = () => ({ name: "own", setup() {} })',
        'src/index.js': 'document.title = "app"',
      },
      replace: [['@rsbuild/plugin-react', 'own']],
      start: (dir) =>
        startNode([join(repo, 'node_modules/@rsbuild/core/bin/rsbuild.js'), 'dev'], { cwd: dir }),
      url: (child) => urlAfter(child, /Local:/),
    },
  ],
  [
    'rspack',
    {
      starter: 'rspack',
      packages: { '@rspack/core': '@rspack/core', '@rspack/cli': '@rspack/cli' },
      files: {
        'node_modules/own/main.js': 'export class ReactRefreshRspackPlugin { apply() {} }',
        'src/main.jsx': 'document.title = "app"',
      },
      replace: [['@rspack/plugin-react-refresh', 'own']],
      start: (dir) =>
        startNode([join(repo, 'node_modules/@rspack/cli/bin/rspack.js'), 'dev'], { cwd: dir }),
      url: (child) => urlAfter(child, /(?:Local|Network|Loopback):/),
    },
  ],
  ...DEV_SERVERS.map((devServer): [string, Case] => [
    `webpack, ${devServer}`,
    {
      skip: tooOld(devServer),
      starter: 'webpack',
      packages: { webpack: 'webpack', 'html-webpack-plugin': 'html-webpack-plugin' },
      files: { 'src/index.js': 'document.title = "app"' },
      replace: [['open: true', 'open: false']],
      start: (dir) => startWebpack(devServer, dir, ['serve']),
      url: webpackUrl,
    },
  ]),
]

describe.each(cases)(
  'what the starter of %s writes',
  (_, { skip, starter, packages, files, replace, start, url }) => {
    test.skipIf(skip !== undefined)('starts on a port of its own after `ports init`', async () => {
      using root = tempRoot()
      linkPackages(root.dir, packages)
      const { file, text } = STARTERS[starter]
      root.write({
        'package.json': '{ "name": "shop", "type": "module", "private": true }',
        'index.html': '<h1>app</h1>',
        [file]: replace.reduce((text, [from, to]) => text.replace(from, to), text as string),
        ...PLUGIN,
        ...files,
      })
      const { code, stdout } = await runCli(['init', '--yes'], { cwd: root.dir })
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Written.') })
      await using child = start(root.dir)
      const page = await url(child)
      // The plugin has published the port, so it was started with the changed config.
      const env = (): string => readFileSync(join(root.dir, '.env.local'), 'utf8')
      await until(() => env().includes(`DEV_PORT=${page.port}`))
      await until(async () => (await get(page.href)).status === 200)
    })
  },
)

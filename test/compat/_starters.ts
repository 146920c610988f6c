import { join } from 'node:path'
import { edit, run, type Workspace, write } from './_project.ts'

/** A project as somebody begins it. */
export interface Starter {
  readonly name: string
  /** Makes it in `dir`, which does not exist; the last part of that is `app`. */
  create(dir: string, workspace: Workspace): Promise<void>
  /** Script of its `package.json` that starts the dev server. */
  readonly script: string
  readonly title: string
  /** An edit that the page has to show. */
  readonly edit: { readonly file: string; readonly from: string; readonly to: string }
  /** The page may be loaded anew for it; otherwise it must not be. */
  readonly reloads?: boolean
  /** Has scripts `build` and `preview`. */
  readonly builds?: boolean
  /** Packages whose versions are told. */
  readonly packages: readonly string[]
}

const npx = (...args: string[]): string[] => ['npx', '--yes', ...args]

function vite(template: string, file: string, plugin: readonly string[], reloads = false): Starter {
  return {
    name: `create-vite ${template}`,
    create: async (dir) => {
      const options = ['--template', template, '--no-interactive']
      await run(npx('create-vite@latest', 'app', ...options), join(dir, '..'))
    },
    script: 'dev',
    title: 'app',
    edit: { file, from: 'Get started', to: 'Edited' },
    reloads,
    builds: true,
    packages: ['vite', 'typescript', ...plugin],
  }
}

const sveltekit: Starter = {
  name: 'sv create minimal',
  create: async (dir) => {
    const options = ['--template', 'minimal', '--types', 'ts', '--no-add-ons', '--no-install']
    await run(npx('sv@latest', 'create', 'app', ...options), join(dir, '..'))
  },
  script: 'dev',
  title: '',
  edit: { file: 'src/routes/+page.svelte', from: 'Welcome to SvelteKit', to: 'Edited' },
  builds: true,
  packages: ['vite', '@sveltejs/kit'],
}

const rsbuild: Starter = {
  name: 'create-rsbuild react-ts',
  create: async (dir, workspace) => {
    // 2.2.9 names a version of its toolkit that was never published.
    const tool = join(workspace.dir, 'create-rsbuild')
    const overrides = { '@rstackjs/create-toolkit': '2.2.5' }
    await write(tool, { 'package.json': JSON.stringify({ private: true, overrides }) })
    await run(['npm', 'install', '--no-audit', '--no-fund', 'create-rsbuild@latest'], tool)
    const bin = join(tool, 'node_modules/create-rsbuild/bin.js')
    await run([process.execPath, bin, '--dir', dir, '--template', 'react-ts'], workspace.dir)
  },
  script: 'dev',
  title: 'Rsbuild App',
  edit: { file: 'src/App.tsx', from: 'Rsbuild with React', to: 'Edited' },
  builds: true,
  packages: ['@rsbuild/core', 'typescript'],
}

const rsbuild1: Starter = {
  ...rsbuild,
  name: 'the same with Rsbuild 1',
  create: async (dir, workspace) => {
    await rsbuild.create(dir, workspace)
    const names = ['@rsbuild/core@1', '@rsbuild/plugin-react@1']
    await run(['npm', 'install', '--no-audit', '--no-fund', '-D', ...names], dir)
  },
}

const webpack: Starter = {
  name: 'create-webpack-app',
  create: async (dir) => {
    await write(dir, {})
    await run(npx('create-webpack-app@latest', 'init', '--force', 'app'), join(dir, '..'))
    // No window on somebody's desktop.
    await edit(join(dir, 'webpack.config.js'), 'open: true', 'open: false')
    await write(dir, { 'src/index.js': `document.body.append('Get started')\n` })
  },
  script: 'serve',
  title: 'Webpack App',
  edit: { file: 'src/index.js', from: 'Get started', to: 'Edited' },
  reloads: true,
  packages: ['webpack', 'webpack-cli', 'webpack-dev-server'],
}

const PAGE = {
  'src/index.html': '<!doctype html><title>app</title><h1></h1>\n',
  'src/style.css': 'h1 { color: rgb(1, 2, 3) }\n',
  'src/text.ts': `export const text: string = 'Get started'\n`,
  'src/index.ts': `import './style.css'
import { text } from './text'

const show = (): void => {
  document.querySelector('h1')!.textContent = text
}
show()
declare const module: { hot?: { accept(path: string, then: () => void): void } }
module.hot?.accept('./text', show)
`,
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler" } }\n',
}

function handMade(
  name: string,
  script: string,
  files: Record<string, string>,
  packages: string[],
): Starter {
  return {
    name,
    create: async (dir) => {
      const manifest = { name: 'app', private: true, scripts: { dev: script } }
      await write(dir, { ...PAGE, ...files, 'package.json': JSON.stringify(manifest) })
      await run(['npm', 'install', '--no-audit', '--no-fund', '-D', ...packages], dir)
    },
    script: 'dev',
    title: 'app',
    edit: { file: 'src/text.ts', from: 'Get started', to: 'Edited' },
    packages: packages
      .map((spec) => spec.replace(/(?<=.)@[^@]*$/, ''))
      .filter((name) => /^(webpack|@rspack\/core|@rspack\/cli|webpack-dev-server)$/.test(name)),
  }
}

const webpackTypescript = (server: string): Starter =>
  handMade(
    `webpack, TypeScript, CSS, server ${server}`,
    'webpack serve',
    {
      'webpack.config.js': `const HtmlWebpackPlugin = require('html-webpack-plugin')

module.exports = {
  mode: 'development',
  entry: './src/index.ts',
  resolve: { extensions: ['.ts', '.js'] },
  module: {
    rules: [
      { test: /\\.ts$/, loader: 'ts-loader', options: { transpileOnly: true } },
      { test: /\\.css$/, use: ['style-loader', 'css-loader'] },
    ],
  },
  plugins: [new HtmlWebpackPlugin({ template: 'src/index.html' })],
}
`,
    },
    [
      'webpack@5',
      'webpack-cli@7',
      `webpack-dev-server@${server}`,
      'html-webpack-plugin@5',
      'typescript@5',
      'ts-loader@9',
      'style-loader@4',
      'css-loader@7',
    ],
  )

const rspack = (major: number): Starter =>
  handMade(
    `Rspack ${major}, TypeScript, CSS`,
    'rspack serve',
    {
      'rspack.config.mjs': `import { rspack } from '@rspack/core'

export default {
  mode: 'development',
  entry: './src/index.ts',
  resolve: { extensions: ['.ts', '.js'] },
  module: {
    rules: [
      {
        test: /\\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' } } },
        type: 'javascript/auto',
      },
      { test: /\\.css$/, type: 'css' },
    ],
  },
  experiments: ${major === 1 ? '{ css: true }' : '{}'},
  plugins: [new rspack.HtmlRspackPlugin({ template: 'src/index.html' })],
}
`,
    },
    [
      `@rspack/core@${major}`,
      `@rspack/cli@${major}`,
      ...(major > 1 ? [`@rspack/dev-server@${major}`] : []),
    ],
  )

/** Everything that people start from, and bundlers one major back. */
export const STARTERS: readonly Starter[] = [
  vite('react-ts', 'src/App.tsx', ['react']),
  vite('vue-ts', 'src/components/HelloWorld.vue', ['vue']),
  vite('svelte-ts', 'src/App.svelte', ['svelte']),
  vite('vanilla-ts', 'src/main.ts', [], true),
  sveltekit,
  rsbuild,
  rsbuild1,
  rspack(2),
  rspack(1),
  webpack,
  webpackTypescript('5'),
  webpackTypescript('6'),
]

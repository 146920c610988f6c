import { join } from 'node:path'
import { type Child, startNode } from '../../_utils/children.ts'
import { repo } from '../../_utils/temp.ts'
import { type App, type Host, stopSource, urlAfter } from './host.ts'

/** The packages of webpack-dev-server that are supported, by the name they are installed under. */
export const DEV_SERVERS = ['webpack-dev-server', 'webpack-dev-server6'] as const
type DevServerName = (typeof DEV_SERVERS)[number]

const CLI = join(repo, 'node_modules/webpack-cli/bin/cli.js')

/** What all hosts with a dev server of webpack's kind have in common. */
export const devServerTraits = {
  cannot: {},
  defaultHost: 'all',
  portsCode: '/main.js',
  hmr: { path: async () => '/ws', protocols: [], greeting: /"type":"hot"/, variable: 'HMR_PORT' },
} as const satisfies Partial<Host>

/** `webpack serve` of webpack-cli. */
export function webpackCliHost(devServer: DevServerName): Host {
  return {
    ...devServerTraits,
    name: `webpack serve, ${devServer}`,
    skip: tooOld(devServer),
    packages: { webpack: 'webpack' },
    files: (app) => ({ ...pageFiles, 'webpack.config.mjs': configText('webpack', app) }),
    start: (dir, args, env) => startWebpack(devServer, dir, ['serve', ...(args ?? [])], env),
    url: webpackUrl,
  }
}

/** `new WebpackDevServer(options, compiler).start()` in a program. */
export function webpackProgramHost(devServer: DevServerName, format: 'esm' | 'cjs'): Host {
  const program = format === 'esm' ? 'server.mjs' : 'server.cjs'
  return {
    ...devServerTraits,
    name: `new WebpackDevServer(), ${format}, ${devServer}`,
    cannot: { 'typed-port': 'the command line is the program’s own' },
    skip: tooOld(devServer),
    packages: { webpack: 'webpack', 'webpack-dev-server': devServer },
    files: (app) => ({
      ...pageFiles,
      'webpack.config.mjs': configText('webpack', app),
      [program]: format === 'esm' ? ESM_PROGRAM : CJS_PROGRAM,
    }),
    start: (dir, _args, env) => startNode([program], { cwd: dir, env }),
    url: webpackUrl,
  }
}

/** Runs the real `webpack` command in `dir`. */
export function startWebpack(
  devServer: DevServerName,
  dir: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Child {
  return startNode([CLI, ...args], {
    cwd: dir,
    env: { ...env, WEBPACK_DEV_SERVER_PACKAGE: devServer },
  })
}

/** The first URL that webpack-dev-server prints. */
export function webpackUrl(child: Child): Promise<URL> {
  return urlAfter(child, /(?:Loopback|Your Network \(IPv[46]\)):/)
}

/** Why this dev server can't run on this Node. */
export function tooOld(devServer: DevServerName): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const old = major < 22 || (major === 22 && minor < 15)
  return devServer === 'webpack-dev-server6' && old ? 'needs Node 22.15' : undefined
}

/** The page and its script, as every bundler of webpack's kind finds them by default. */
export const pageFiles = {
  'package.json': '{ "type": "module" }',
  'public/index.html': '<h1>app</h1><script src="/main.js"></script>',
  'src/index.js': `import { services } from '~ports'\nconsole.log(services)`,
}

const ESM_PROGRAM = `import webpack from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import config from './webpack.config.mjs'

await new WebpackDevServer(config.devServer, webpack(config)).start()
`

// Here the compiler never hears of the dev server's options.
const CJS_PROGRAM = `const webpack = require('webpack')
const WebpackDevServer = require('webpack-dev-server')

async function main() {
  const { devServer, ...config } = (await import('./webpack.config.mjs')).default
  const Server = WebpackDevServer.default ?? WebpackDevServer
  await new Server(devServer, webpack(config)).start()
}
main()
`

/** Source text of a config for webpack or Rspack. */
export function configText(bundler: 'webpack' | 'rspack', app: App): string {
  const { ports = '', server, https, slowMs } = app
  const devServer = { ...server, ...(https && { server: { type: 'https', options: https } }) }
  const plugins = [`ports(${ports})`, ...(slowMs === undefined ? [] : ['slow'])]
  const settings = [
    `...${JSON.stringify(devServer)}`,
    ...(slowMs === undefined ? [] : ['setupMiddlewares: (list) => (stop(200), list)']),
  ]
  return `import ports from 'unplugin-ports/${bundler}'
${slowMs === undefined ? '' : slowSource(slowMs)}
export default {
  mode: 'development',
  devtool: false,
  plugins: [${plugins.join(', ')}],
  devServer: { ${settings.join(', ')} },
}
`
}

// Stops between every two steps from the choice of the port to the first compile.
function slowSource(ms: number): string {
  return `${stopSource}
const slow = {
  apply(compiler) {
    // Elsewhere the port is chosen later, when the server starts.
    if (process.env.WEBPACK_SERVE && process.argv.includes('serve')) stop(600)
    compiler.hooks.watchRun.tapPromise('slow', async () => {
      console.log('building')
      await new Promise((resolve) => setTimeout(resolve, ${ms}))
    })
  },
}`
}

import { join } from 'node:path'
import { createRsbuild } from '@rsbuild/core'
import { HtmlRspackPlugin, rspack } from '@rspack/core'
import { RspackDevServer } from '@rspack/dev-server'
import HtmlWebpackPlugin from 'html-webpack-plugin'
import webpack from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import rsbuildPorts from '../../src/rsbuild.ts'
import rspackPorts from '../../src/rspack.ts'
import type { Options } from '../../src/types.ts'
import vitePorts from '../../src/vite.ts'
import webpackPorts from '../../src/webpack.ts'
import { VITES } from '../_utils/vite.ts'

/** A dev server of this process. */
export interface Running {
  readonly port: number
  close(): Promise<unknown>
}
/** Starts a host's dev server for the app in `root`, which has a `main.js` and an `index.html`. */
export type Start = (root: string, options: Options) => Promise<Running>

/** The port that a server listens on. */
export const portOf = (server: { address(): unknown } | null | undefined): number => {
  const address = server?.address() as { port: number } | null | undefined
  return address?.port ?? 0
}

const COMPILER = {
  mode: 'development',
  entry: './main.js',
  stats: 'none',
  infrastructureLogging: { level: 'none' },
} as const

/** Every host that has a programmatic interface, by name. */
export const HOSTS: Record<string, Start> = {
  ...Object.fromEntries(
    VITES.map((name) => [
      name,
      async (root: string, options: Options): Promise<Running> => {
        const { createServer: create } = (await import(name)) as typeof import('vite')
        const server = await create({
          configFile: false,
          root,
          logLevel: 'silent',
          plugins: [vitePorts(options)],
        })
        await server.listen()
        return { port: portOf(server.httpServer), close: () => server.close() }
      },
    ]),
  ),
  async webpack(root, options) {
    const html = new HtmlWebpackPlugin({ template: join(root, 'index.html') })
    const plugins = [webpackPorts(options), html]
    const output = { path: join(root, 'dist') }
    const compiler = webpack({ ...COMPILER, context: root, output, plugins })
    const server = new WebpackDevServer({ static: false, host: 'localhost' }, compiler)
    await server.start()
    return { port: portOf(server.server), close: () => server.stop() }
  },
  async rspack(root, options) {
    const html = new HtmlRspackPlugin({ template: join(root, 'index.html') })
    const plugins = [rspackPorts(options), html]
    const output = { path: join(root, 'dist') }
    const compiler = rspack({ ...COMPILER, context: root, output, plugins })
    const server = new RspackDevServer({ static: false, host: 'localhost' }, compiler)
    await server.start()
    return { port: portOf(server.server), close: () => server.stop() }
  },
  async rsbuild(root, options) {
    const rsbuild = await createRsbuild({
      cwd: root,
      config: {
        logLevel: 'silent',
        source: { entry: { index: './main.js' } },
        html: { template: join(root, 'index.html') },
        plugins: [rsbuildPorts(options)],
      },
    })
    const { server, port } = await rsbuild.startDevServer()
    return { port, close: () => server.close() }
  },
}

/** Starts Vite for the app in `root`; what it says of ports is added to `lines`. */
export async function startVite(root: string, lines: string[], options: Options): Promise<Running> {
  const { createServer, createLogger } = await import('vite')
  const customLogger = createLogger('info')
  for (const level of ['info', 'warn'] as const) {
    customLogger[level] = (message) => lines.push(message)
  }
  const plugins = [vitePorts(options)]
  const server = await createServer({ configFile: false, root, customLogger, plugins })
  await server.listen()
  return { port: portOf(server.httpServer), close: () => server.close() }
}

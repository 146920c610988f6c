import type { DevServerPlace } from './request.ts'
import type { AnyCompiler, DevServerOptions } from './types.ts'

/** Files by which webpack-cli is started. */
const COMMAND =
  /[\\/](webpack|webpack-cli|webpack-cli[\\/]bin[\\/]cli|webpack-dev-server)(?:\.[cm]?js)?$/
/** As webpack-cli knows them. */
const SERVE_COMMANDS = new Set(['serve', 'server', 's'])

/**
 * `webpack serve` is running. Its variable alone doesn't say so: webpack-dev-server sets it when it
 * is merely loaded, and children inherit it. A program's server gets its ports when it starts.
 */
export function isServing({ argv, env }: Pick<DevServerPlace, 'argv' | 'env'>): boolean {
  const [, file = '', ...args] = argv
  const [, name] = COMMAND.exec(file) ?? []
  if (env.WEBPACK_SERVE === undefined || name === undefined) return false
  return name === 'webpack-dev-server' || args.some((arg) => SERVE_COMMANDS.has(arg))
}

/** The options of the dev server that `webpack serve` is going to make for this compiler, if that is certain. */
export function certainServer(compiler: AnyCompiler): DevServerOptions | undefined {
  const { devServer, plugins = [] } = compiler.options
  // Version 6: the server is a plugin, made before any plugin is applied.
  const plugin = plugins.find(isServerPlugin)
  if (plugin) return plugin.options
  return typeof devServer === 'object' && devServer !== null ? devServer : undefined
}

function isServerPlugin(plugin: unknown): plugin is { options: DevServerOptions } {
  if (typeof plugin !== 'object' || plugin === null || !('options' in plugin)) return false
  return 'getFreePort' in plugin.constructor && 'getHostname' in plugin.constructor
}

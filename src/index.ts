import { createUnplugin } from 'unplugin'
import { devServerHooks, type DevServerWorld } from './bundlers/dev-server/hooks.ts'
import type { AnyCompiler } from './bundlers/dev-server/types.ts'
import { viteHooks } from './bundlers/vite/hooks.ts'
import { startRun, startRunSync } from './session/run.ts'
import { processWorld } from './session/world.ts'
import type { Options } from './types.ts'
import { moduleHooks } from './virtual-module.ts'

export { PortsError, PortsOptionError } from './errors.ts'
export type { PortsErrorCode, ServiceProblem } from './errors.ts'
export type * from './types.ts'

/** The plugin for every bundler; `unplugin-ports/vite` and its siblings are its faces. */
export const unplugin = /* #__PURE__ */ createUnplugin<Options | undefined, false>((options) => {
  const vite = viteHooks(options, (request) => startRun(request, processWorld()), processWorld)
  const devServer = devServerHooks(options, devServerWorld)
  const addresses = () => ({ ...vite.addresses(), ...devServer.addresses() })
  return {
    name: 'unplugin-ports',
    ...moduleHooks(addresses),
    vite: vite.plugin,
    webpack: (compiler) => devServer.apply(compiler as unknown as AnyCompiler),
    rspack: (compiler) => devServer.apply(compiler as unknown as AnyCompiler),
  }
})

function devServerWorld(): DevServerWorld {
  const world = processWorld()
  return {
    ...world,
    startRun: (request) => startRun(request, world),
    startRunSync: (request) => startRunSync(request, world),
  }
}

/** Types and completion for options that are kept in a file of their own. */
export function defineConfig(options: Options): Options {
  return options
}

export default unplugin

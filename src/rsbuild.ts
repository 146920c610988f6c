import type { RsbuildPlugin } from '@rsbuild/core'
import { createUnplugin } from 'unplugin'
import { rsbuildHooks } from './bundlers/rsbuild/hooks.ts'
import { startRun } from './session/run.ts'
import { processWorld } from './session/world.ts'
import type { Options } from './types.ts'
import { moduleHooks } from './virtual-module.ts'

/** `~ports` alone: Rsbuild's servers are configured by the plugin below, not by Rspack's. */
const portsModule = createUnplugin((addresses: Parameters<typeof moduleHooks>[0]) => ({
  name: 'unplugin-ports:module',
  ...moduleHooks(addresses),
}))

function plugin(options?: Options): RsbuildPlugin {
  const { plugin: servers, addresses } = rsbuildHooks(options, () => {
    const world = processWorld()
    return { ...world, startRun: (request) => startRun(request, world) }
  })
  return {
    ...servers,
    setup(api) {
      void servers.setup(api)
      api.modifyRspackConfig((_config, { appendPlugins }) => {
        appendPlugins(portsModule.rspack(addresses))
      })
    },
  }
}

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const rsbuild = Object.assign(plugin, { rsbuild: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { rsbuild as default, rsbuild as 'module.exports' }

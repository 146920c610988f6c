import type { RsbuildPlugin } from '@rsbuild/core'
import { provideModule, rebuildImporters } from './bundlers/dev-server/module.ts'
import type { AnyCompiler } from './bundlers/dev-server/types.ts'
import { rsbuildHooks } from './bundlers/rsbuild/hooks.ts'
import { startRun } from './session/start.ts'
import { processWorld } from './session/world.ts'
import type { Options } from './types.ts'
import { isSwitchedOff } from './utils/switched-off.ts'

function plugin(options?: Options): RsbuildPlugin {
  const compilers = new Set<AnyCompiler>()
  const { plugin: servers, addresses } = rsbuildHooks(
    options,
    () => {
      const world = processWorld()
      return { ...world, startRun: (request) => startRun(request, world) }
    },
    () => compilers.forEach(rebuildImporters),
  )
  return {
    ...servers,
    setup(api) {
      if (!isSwitchedOff(processWorld().env)) void servers.setup(api)
      api.modifyRspackConfig((_config, { appendPlugins }) => {
        appendPlugins({
          apply(compiler: unknown) {
            compilers.add(compiler as AnyCompiler)
            provideModule(compiler as AnyCompiler, addresses)
          },
        })
      })
    },
  }
}

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const rsbuild = Object.assign(plugin, { rsbuild: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { rsbuild as default, rsbuild as 'module.exports' }

import { createUnplugin } from 'unplugin'
import { viteHooks } from './bundlers/vite/hooks.ts'
import { startRun } from './session/run.ts'
import { processWorld } from './session/world.ts'
import type { Options } from './types.ts'
import { MODULE_ID, RESOLVED_ID, renderModule } from './virtual-module.ts'

export { PortsError, PortsOptionError } from './errors.ts'
export type { PortsErrorCode, ServiceProblem } from './errors.ts'
export type * from './types.ts'

/** The plugin for every bundler; `unplugin-ports/vite` and its siblings are its faces. */
export const unplugin = /* #__PURE__ */ createUnplugin<Options | undefined, false>((options) => {
  const vite = viteHooks(options, (request) => startRun(request, processWorld()), processWorld)
  return {
    name: 'unplugin-ports',
    resolveId: {
      filter: { id: /^~ports$/ },
      handler: (id) => (id === MODULE_ID ? RESOLVED_ID : undefined),
    },
    load: {
      // eslint-disable-next-line no-control-regex -- the NUL marks the id as virtual
      filter: { id: /^\0~ports$/ },
      handler: (id) => (id === RESOLVED_ID ? renderModule(vite.addresses()) : undefined),
    },
    vite: vite.plugin,
  }
})

/** Types and completion for options that are kept in a file of their own. */
export function defineConfig(options: Options): Options {
  return options
}

export default unplugin

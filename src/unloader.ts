import type { UnloaderPlugin } from 'unplugin'
import { unplugin } from './index.ts'
import type { Options } from './types.ts'

// Named here: the host's own types may not be installed where this package is built.
type Plugin = (options?: Options) => UnloaderPlugin

const plugin: Plugin = unplugin.unloader

/** `plugins: [ports()]`: `~ports` is there and empty. */
export const unloader: Plugin & { unloader: Plugin; default: Plugin } = Object.assign(plugin, {
  unloader: plugin,
  default: plugin,
})
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { unloader as default, unloader as 'module.exports' }

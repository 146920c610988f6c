import type { BunPlugin } from 'unplugin'
import { unplugin } from './index.ts'
import type { Options } from './types.ts'

// Named here: the host's own types may not be installed where this package is built.
type Plugin = (options?: Options) => BunPlugin

const plugin: Plugin = unplugin.bun

/** `plugins: [ports()]` of `Bun.build`, which never watches: `~ports` is there and empty. */
export const bun: Plugin & { bun: Plugin; default: Plugin } = Object.assign(plugin, {
  bun: plugin,
  default: plugin,
})
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { bun as default, bun as 'module.exports' }

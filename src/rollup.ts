import { unplugin } from './index.ts'

const plugin = unplugin.rollup

/** `plugins: [ports({ services: { api: 3000 } })]`; ports are reserved while it watches. */
export const rollup = Object.assign(plugin, { rollup: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { rollup as default, rollup as 'module.exports' }

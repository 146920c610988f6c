import { unplugin } from './index.ts'

const plugin = unplugin.rolldown

/** `plugins: [ports({ services: { api: 3000 } })]`; ports are reserved while it watches. */
export const rolldown = Object.assign(plugin, { rolldown: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { rolldown as default, rolldown as 'module.exports' }

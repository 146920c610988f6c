import { unplugin } from './index.ts'

const plugin = unplugin.farm

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const farm = Object.assign(plugin, { farm: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { farm as default, farm as 'module.exports' }

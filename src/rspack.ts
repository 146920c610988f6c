import { unplugin } from './index.ts'

const plugin = unplugin.rspack

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const rspack = Object.assign(plugin, { rspack: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { rspack as default, rspack as 'module.exports' }

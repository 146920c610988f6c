import { unplugin } from './index.ts'

const plugin = unplugin.vite

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const vite = Object.assign(plugin, { vite: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { vite as default, vite as 'module.exports' }

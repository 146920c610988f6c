import { unplugin } from './index.ts'

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const vite = unplugin.vite
// The alias is what `require()` of this module returns.
export { vite as default, vite as 'module.exports' }

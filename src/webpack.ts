import { unplugin } from './index.ts'

const plugin = unplugin.webpack

/** `plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api' } } })]` */
export const webpack = Object.assign(plugin, { webpack: plugin, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { webpack as default, webpack as 'module.exports' }

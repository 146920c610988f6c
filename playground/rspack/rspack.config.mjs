import { rspack } from '@rspack/core'
import ports from 'unplugin-ports/rspack'

export default {
  mode: 'development',
  entry: ['./src/style.css', './src/main.ts'],
  module: {
    rules: [
      { test: /\.css$/, type: 'css/auto' },
      { test: /\.ts$/, loader: 'builtin:swc-loader', options: { detectSyntax: 'auto' } },
    ],
  },
  plugins: [
    new rspack.HtmlRspackPlugin({ template: './index.html' }),
    ports({
      services: {
        api: { preferred: 3000, proxy: '/api', description: 'node:http and ws, in api.mjs' },
      },
    }),
  ],
}

import HtmlPlugin from 'html-webpack-plugin'
import ports from 'unplugin-ports/webpack'

export default {
  mode: 'development',
  entry: ['./src/style.css', './src/main.ts'],
  stats: 'minimal',
  module: {
    // webpack reads TypeScript by itself, but from Node 22.6 on only.
    rules: [{ test: /\.ts$/, use: import.meta.resolve('./esbuild-loader.mjs') }],
  },
  plugins: [
    new HtmlPlugin({ template: './index.html' }),
    ports({
      services: {
        api: { preferred: 3000, proxy: '/api', description: 'node:http and ws, in api.mjs' },
      },
    }),
  ],
}

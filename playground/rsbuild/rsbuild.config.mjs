import ports from 'unplugin-ports/rsbuild'

export default {
  source: { entry: { index: ['./src/style.css', './src/main.ts'] } },
  html: { template: './index.html' },
  plugins: [
    ports({
      services: {
        api: { preferred: 4000, proxy: '/api', description: 'node:http and ws, in api.mjs' },
      },
    }),
  ],
}

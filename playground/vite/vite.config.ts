import ports from 'unplugin-ports/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    ports({
      services: {
        api: { preferred: 3000, proxy: '/api', description: 'node:http and ws, in api.mjs' },
      },
    }),
  ],
})

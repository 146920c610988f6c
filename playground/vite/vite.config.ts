import ports from 'unplugin-ports/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    ports({
      services: {
        // Edit the number and save: Vite restarts where it is, and the API moves.
        api: { preferred: 3000, proxy: '/api', description: 'node:http and ws, in api.mjs' },
      },
    }),
  ],
})

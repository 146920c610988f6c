import { defineConfig } from 'vite'
import ports from 'unplugin-ports/vite'
export default defineConfig({ plugins: [ports({ services: { api: { preferred: 3000, proxy: '/api', description: 'x' } } })] })

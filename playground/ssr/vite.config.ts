import { defineConfig } from 'vite'
import ports from 'unplugin-ports/vite'
export default defineConfig({ plugins: [ports({ services: { dev: { description: 'ssr' } } })] })

import ports from 'unplugin-ports/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    ports({
      // server.mjs reserves `web` in this process and serves it; here it becomes known to `~ports`
      // and the env file. `hmr` needs no word: in middleware mode it gets a port of its own.
      services: { web: { preferred: 5173, description: 'the Node server, in server.mjs' } },
    }),
    {
      name: 'playground:echo',
      configureServer(server) {
        server.ws.on('play:ping', (sentAt, client) => client.send('play:pong', sentAt))
      },
    },
  ],
})

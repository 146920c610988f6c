import { join, relative } from 'node:path'
import { allocations } from 'unplugin-ports/api'
import { createServer } from 'vite'
import { startChild } from '../shared/child.mjs'
import { readEnvFile } from '../shared/env-file.mjs'

const root = import.meta.dirname
const apiFile = join(root, 'api.mjs')
const byHand = `node ${relative(process.cwd(), apiFile)}`

/** Starts Vite, then the API on the port that Vite's plugin wrote down. */
export async function start() {
  let api
  let apiPort
  const startApi = () => {
    apiPort = publishedPort()
    api = startChild('api', apiFile, (how) => {
      console.log(`\n  The API ${how}. Start it again: ${byHand}\n`)
    })
  }
  const restartApi = async () => {
    await api?.stop()
    startApi()
  }

  const vite = await createServer({
    root,
    plugins: [
      {
        name: 'playground:api-follows-its-port',
        // Runs again when Vite restarts; by then the plugin has written what the new config says.
        configureServer() {
          if (api?.running && publishedPort() !== apiPort) void restartApi()
        },
      },
    ],
  })
  await vite.listen()
  vite.printUrls()
  if (process.stdin.isTTY) {
    const restart = { key: 'a', description: 'start the API again', action: restartApi }
    vite.bindCLIShortcuts({ print: true, customShortcuts: [restart] })
  }

  const { port, state } = allocations(root).find(({ service }) => service === 'api') ?? {}
  if (state === 'running') {
    console.log(`  The API of this checkout runs on ${port} already, so it is not started again.\n`)
  } else {
    startApi()
  }
  // Vite's own shortcuts end the process without asking anybody.
  process.on('exit', () => void api?.stop())
  return {
    async stop() {
      await Promise.all([api?.stop(), vite.close()])
    },
  }
}

function publishedPort() {
  return readEnvFile(join(root, '.env.local')).API_PORT
}

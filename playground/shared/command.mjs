import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { whoHolds } from 'unplugin-ports/api'
import { startBin, startChild } from './child.mjs'
import { readEnvFile } from './env-file.mjs'

const ASK_AGAIN_MS = 150
const require = createRequire(import.meta.url)

/**
 * Starts a bundler by its command, and the API as soon as its port is reserved: the bundler is
 * still loading then. When the port moves, the API goes with it.
 *
 * @param {object} app
 * @param {string} app.root The playground's directory.
 * @param {string} app.package The package whose command it is: `'webpack-cli'`.
 * @param {string} app.command The command's name: `'webpack-cli'`.
 * @param {readonly string[]} app.args
 * @param {(how: string) => void} onDeath Called when the bundler ends by itself.
 */
export function startCommand({ root, package: name, command, args }, onDeath) {
  let api
  const ending = new AbortController()
  const bundler = startBin({ bin: binOf(name, command), args, cwd: root }, (how) => {
    ending.abort()
    void Promise.resolve(api?.stop()).then(() => onDeath(how))
  })

  const moveTo = async (holder) => {
    await api?.stop()
    api = undefined
    if (ending.signal.aborted) return
    if (holder.pid === bundler.pid) api = startApi(root)
    else console.log(`\n  The API of this checkout runs on ${holder.port} already.\n`)
  }
  const follow = async () => {
    let port
    while (!ending.signal.aborted) {
      const published = Number(readEnvFile(join(root, '.env.local')).API_PORT)
      const holder =
        published && published !== port ? await reservation(published, root) : undefined
      if (holder) {
        port = published
        await moveTo(holder)
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
  }
  follow().catch((error) => onDeath(`can't be followed: ${error.message}`))

  return {
    async stop() {
      ending.abort()
      await Promise.all([api?.stop(), bundler.stop()])
    },
  }
}

/**
 * Who has reserved `port` for this playground, if anybody has.
 *
 * The env file alone doesn't tell: it may be the last run's.
 */
async function reservation(port, root) {
  const holder = await whoHolds(port)
  return holder?.via === 'lease' && holder.root === realpathSync(root) ? holder : undefined
}

/** The script behind a command of an installed package. */
function binOf(name, command) {
  const file = require.resolve(`${name}/package.json`)
  return join(dirname(file), require(file).bin[command])
}

function startApi(root) {
  const file = join(root, 'api.mjs')
  return startChild('api', file, (how) => {
    const again = `node ${relative(process.cwd(), file)}`
    console.log(`\n  The API ${how}. Start it again: ${again}\n`)
  })
}

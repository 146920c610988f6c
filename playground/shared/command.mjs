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
 * still loading then.
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
  let stopping = false
  const bundler = startBin({ bin: binOf(name, command), args, cwd: root }, (how) => {
    stopping = true
    void Promise.resolve(api?.stop()).then(() => onDeath(how))
  })
  void reserved(root, () => stopping || !bundler.running).then((holder) => {
    if (!holder) return
    if (holder.pid === bundler.pid) api = startApi(root)
    else console.log(`\n  The API of this checkout runs on ${holder.port} already.\n`)
  })
  return {
    async stop() {
      stopping = true
      await Promise.all([api?.stop(), bundler.stop()])
    },
  }
}

/** The script behind a command of an installed package. */
function binOf(name, command) {
  const file = require.resolve(`${name}/package.json`)
  return join(dirname(file), require(file).bin[command])
}

/**
 * Who is on the API's port, once a run of this playground has reserved it.
 *
 * The env file alone doesn't tell: it may be the last run's.
 */
async function reserved(root, isOver) {
  const session = realpathSync(root)
  while (!isOver()) {
    const port = Number(readEnvFile(join(root, '.env.local')).API_PORT)
    const holder = port ? await whoHolds(port) : undefined
    if (holder?.via === 'lease' && holder.root === session) return isOver() ? undefined : holder
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  return undefined
}

function startApi(root) {
  const file = join(root, 'api.mjs')
  return startChild('api', file, (how) => {
    const again = `node ${relative(process.cwd(), file)}`
    console.log(`\n  The API ${how}. Start it again: ${again}\n`)
  })
}

// One command for everything: `node playground/play.mjs vite`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import colors from 'picocolors'

const APPS = {
  vite: {
    about: 'a Vite app with an API behind its proxy',
    load: () => import('./vite/start.mjs'),
  },
  ssr: {
    about: 'a Node server with Vite inside, HMR on a port of its own',
    load: () => import('./ssr/server.mjs'),
  },
  webpack: {
    about: '`webpack serve` with an API behind its proxy',
    load: () => command('webpack', 'webpack-cli', 'webpack-cli', ['serve']),
  },
  rspack: {
    about: '`rspack serve` with an API behind its proxy',
    load: () => command('rspack', '@rspack/cli', 'rspack', ['serve']),
  },
  rsbuild: {
    about: '`rsbuild dev` with an API behind its proxy',
    load: () => command('rsbuild', '@rsbuild/core', 'rsbuild', ['dev']),
  },
}

const name = process.argv[2]
const app = Object.hasOwn(APPS, name ?? '') ? APPS[name] : undefined

if (!app) {
  const list = Object.entries(APPS).map(([key, { about }]) => `  ${key.padEnd(9)}${about}`)
  const problem = name === undefined ? 'Which playground?' : `There is no playground "${name}".`
  fail(`${problem} Known ones:\n\n${list.join('\n')}\n`)
} else if (!existsSync(join(import.meta.dirname, '../dist/vite.mjs'))) {
  fail('The package is not built yet: run `npm run build`, or `npm run play`, which does both.')
} else {
  await run(app)
}

async function run({ load }) {
  let stopping
  let running
  const stop = () => {
    // A second Ctrl-C is for somebody who doesn't want to wait.
    if (stopping) process.exit(1)
    stopping = Promise.resolve(running?.stop()).then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  try {
    const { start } = await load()
    running = await start((how) => fail(`The bundler ${how}.`))
  } catch (error) {
    fail(error)
  }
}

/** A playground that is its bundler's own command. */
async function command(folder, name, bin, args) {
  const { startCommand } = await import('./shared/command.mjs')
  const root = join(import.meta.dirname, folder)
  return { start: (onDeath) => startCommand({ root, package: name, command: bin, args }, onDeath) }
}

function fail(problem) {
  console.error(colors.red(problem instanceof Error ? String(problem) : problem))
  process.exit(1)
}

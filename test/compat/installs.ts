import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { freePort } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'
import { API, API_CONFIG, run, serve, STEP_MS, tail, type Workspace, write } from './_project.ts'

/** A way to install packages, and to run what they bring. */
export interface Manager {
  readonly name: string
  /** The package from npm with its program. */
  readonly tool?: { readonly spec: string; readonly file: string }
  /** What its install needs besides `package.json`. */
  readonly files?: Readonly<Record<string, string>>
  readonly install: readonly string[]
  /** Before a command of an installed package. */
  readonly exec: readonly string[]
}

const pnpm = (version: string): Manager => ({
  name: `pnpm ${version}`,
  tool: { spec: `pnpm@${version}`, file: 'pnpm/bin/pnpm.cjs' },
  // Its newest versions have the program as a module.
  install: ['install', '--ignore-workspace'],
  exec: ['exec'],
})

const yarn = (linker: string): Manager => ({
  name: `yarn 4, ${linker}`,
  tool: { spec: '@yarnpkg/cli-dist@4', file: '@yarnpkg/cli-dist/bin/yarn.js' },
  files: {
    '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableImmutableInstalls: false\n`,
    'yarn.lock': '',
  },
  install: ['install'],
  exec: ['run'],
})

/** All that are tried. */
export const MANAGERS: readonly Manager[] = [
  { name: 'npm', install: ['install', '--no-audit', '--no-fund'], exec: ['exec', '--'] },
  pnpm('9'),
  pnpm('10'),
  yarn('pnp'),
  yarn('node-modules'),
  {
    name: 'bun',
    tool: {
      spec: `@oven/bun-${process.platform}-${arch()}`,
      file: `@oven/bun-${process.platform}-${arch()}/bin/bun`,
    },
    install: ['install'],
    exec: ['run'],
  },
]

const CONFIG = `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${API_CONFIG})] }
`

/** Takes its time before it listens, as long as there is no file `go`. */
const SLOW_SERVER = `import { existsSync } from 'node:fs'
import { createServer } from 'node:http'

console.log('not listening yet')
const timer = setInterval(() => {
  if (!existsSync('go')) return
  clearInterval(timer)
  createServer((_, response) => response.end('slow')).listen(process.env.PORT)
}, 20)
`

/**
 * Installs the packed package with Vite, and runs `ports --version`, a dev server with an API that
 * the plugin starts, and `ports run` with a server that gets the held socket.
 *
 * @returns The version of the package manager.
 */
export async function tryInstall(manager: Manager, workspace: Workspace): Promise<string> {
  const dir = join(workspace.dir, manager.name.replace(/\W+/g, '-'))
  const command = await commandOf(manager, dir)
  const exec = (...args: string[]): string[] => [...command, ...manager.exec, ...args]
  await write(dir, {
    'package.json': JSON.stringify({
      name: 'app',
      private: true,
      type: 'module',
      devDependencies: { 'unplugin-ports': `file:${workspace.tarball}`, vite: '^8.0.0' },
    }),
    'index.html': '<!doctype html><title>app</title><h1>app</h1>',
    'vite.config.js': CONFIG,
    'api.mjs': API,
    'slow.mjs': SLOW_SERVER,
    ...manager.files,
  })
  const { env } = workspace
  await run([...command, ...manager.install], dir, env)
  await saysVersion(exec('ports', '--version'), dir, env)
  await servesVite(exec('vite'), dir, env)
  const port = String(await freePort())
  await handsSocket(exec('ports', 'run', '--port', port, 'node', 'slow.mjs'), port, dir, env)
  const version = (await run([...command, '--version'], dir, env)).trim()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  return version
}

type Env = Workspace['env']

async function saysVersion(command: string[], dir: string, env: Env): Promise<void> {
  const said = await run(command, dir, env)
  if (!/^\d+\.\d+\.\d+/m.test(said)) throw new Error(`ports --version said ${said}`)
}

async function servesVite(command: string[], dir: string, env: Env): Promise<void> {
  await using vite = serve(command, dir, env)
  const url = await vite.url()
  const { DEV_PORT } = parseEnv(readFileSync(join(dir, '.env.local'), 'utf8'))
  if (DEV_PORT !== url.port) throw new Error(`.env.local says ${DEV_PORT}, not ${url.port}`)
  const api = async (): Promise<string> => await (await fetch(new URL('/api/', url))).text()
  await until(async () => (await api()).startsWith('api of '), STEP_MS, 'the API answers').catch(
    (error: unknown) => {
      throw new Error(tail(vite.child.output()), { cause: error })
    },
  )
  await vite.stop()
}

/** A request that is made before the server listens is answered: the socket was there all the time. */
async function handsSocket(command: string[], port: string, dir: string, env: Env): Promise<void> {
  await using app = serve(command, dir, env)
  await app.child.sees(/not listening yet/, STEP_MS)
  const answer = fetch(`http://localhost:${port}/`).then((response) => response.text())
  answer.catch(() => {})
  writeFileSync(join(dir, 'go'), '')
  if ((await answer) !== 'slow') throw new Error(`not the server's answer: ${await answer}`)
  await app.stop()
}

/** The command of the package manager, installed beside the project where npm doesn't bring it. */
async function commandOf({ tool, name }: Manager, dir: string): Promise<string[]> {
  if (!tool) return [name]
  const beside = `${dir}-tool`
  await write(beside, { 'package.json': '{ "private": true }' })
  await run(['npm', 'install', '--no-audit', '--no-fund', tool.spec], beside)
  const file = join(beside, 'node_modules', tool.file)
  return /\.c?js$/.test(file) ? [process.execPath, file] : [file]
}

function arch(): string {
  return process.arch === 'arm64' ? 'aarch64' : process.arch
}

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Child, start } from '../_utils/children.ts'
import { isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

/** For a step that downloads, compiles or does both on a busy machine, in milliseconds. */
export const STEP_MS = 180_000

/** A directory outside the repository that everything is made in. */
export interface Workspace extends Disposable {
  readonly dir: string
  /** The packed package. */
  readonly tarball: string
  /** For every program that is started. */
  readonly env: Readonly<Record<string, string>>
}

/** Makes a workspace with the package as npm would publish it; `dist` was built before. */
export async function createWorkspace(repo: string, keep: boolean): Promise<Workspace> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ports-compat-')))
  for (const name of Object.keys(process.env)) {
    // What `npm run` sets would lead the package managers below to this repository.
    if (/^npm_|^INIT_CWD$|^CI$/i.test(name)) delete process.env[name]
  }
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir]
  const [packed] = JSON.parse(await run(['npm', ...pack], repo, {}, true)) as [{ filename: string }]
  return {
    dir,
    tarball: join(dir, packed.filename),
    env: { PORTS_STATE_DIR: join(dir, 'state') },
    [Symbol.dispose]: () => {
      if (keep) console.log(`Kept: ${dir}`)
      else rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Runs a command to its end and gives what it printed; throws that when it fails. */
export async function run(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  stdoutOnly = false,
): Promise<string> {
  const stderr = stdoutOnly ? 'ignore' : 'pipe'
  await using child = start(file, args, { cwd, env, stdio: ['ignore', 'pipe', stderr] })
  const timer = setTimeout(() => void child.end(), STEP_MS)
  const { code } = await child.ended
  clearTimeout(timer)
  if (code === 0) return child.output()
  throw new Error(`${[file, ...args].join(' ')} ended with ${code}:\n${tail(child.output())}`)
}

/** The last lines of an output. */
export function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-30).join('\n')
}

/** A program with all that it starts; ended with its block. */
export interface App extends AsyncDisposable {
  readonly child: Child
  /** The URL that it printed, once something answers there. */
  url(): Promise<URL>
  /** Ends it as Ctrl+C does and waits until nobody listens on its port. */
  stop(): Promise<void>
}

/** Starts a command that serves. */
export function serve(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): App {
  // A group of its own, so that a signal reaches what package managers start, as from a terminal.
  const child = start(file, args, { cwd, env, detached: true })
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid, name)
    } catch {
      // Nobody is left in the group.
    }
  }
  let found: URL | undefined
  return {
    child,
    async url() {
      const printed = /(?:Local|Loopback|Network).*?:\s+(https?:\/\/[^\s/]+:\d+\/)/
      const [, text = ''] = await child.sees(printed, STEP_MS)
      const url = new URL(text)
      await until(async () => (await fetch(url)).ok, STEP_MS, `an answer of ${url}`)
      return (found = url)
    },
    async stop() {
      signal('SIGINT')
      await until(() => child.process.exitCode !== null || child.process.signalCode !== null)
      await until(() => !groupLives(child.pid), 20_000, 'everything of it has ended')
      const { port } = found ?? {}
      if (port) await until(() => isFree(Number(port)), 20_000, `${port} is free again`)
    },
    async [Symbol.asyncDispose]() {
      signal('SIGKILL')
      await child.ended
    },
  }
}

/** Somebody of the group still runs. */
function groupLives(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

/** Writes text files below `dir`. */
export async function write(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
}

/** Changes the one place where `from` stands. */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`)
  await writeFile(file, text.replace(from, to))
}

/** A second checkout with everything that is installed. */
export function copy(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, verbatimSymlinks: true })
}

/** `name 1.2.3` of packages that are installed below `dir`. */
export function versions(dir: string, names: readonly string[]): string {
  return names
    .map((name) => {
      const file = join(dir, 'node_modules', name, 'package.json')
      return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`
    })
    .join(', ')
}

/** A server to be started by the plugin, which says where it runs. */
export const API = `import { createServer } from 'node:http'
import { basename } from 'node:path'

createServer((_, response) => response.end('api of ' + basename(process.cwd()))).listen(
  process.env.PORT,
)
`

/** The config that starts it. */
export const API_CONFIG = JSON.stringify({
  services: { api: { command: 'node api.mjs', proxy: '/api' } },
})

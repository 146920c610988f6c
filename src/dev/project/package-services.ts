import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scriptRunner } from '../../session/start-hint.ts'
import type { ServiceOptions } from '../../types.ts'
import type { Manifest } from './manifest.ts'

/** A script that seems to start a server. */
export interface ScriptService {
  readonly script: string
  readonly options: ServiceOptions
  /** The bundler's own dev server. */
  readonly bundler: boolean
  readonly sure: boolean
}

interface Bundler {
  readonly name: string
  readonly port: number
  /** Arguments that give the port to one without the plugin. */
  readonly flags: string
}

const BUNDLERS: readonly Bundler[] = [
  { name: 'vite', port: 5173, flags: '--port {port} --strictPort' },
  { name: 'webpack', port: 8080, flags: '--port {port}' },
  { name: 'rspack', port: 8080, flags: '--port {port}' },
  { name: 'rsbuild', port: 3000, flags: '--port {port}' },
  { name: 'farm', port: 9000, flags: '--port {port}' },
]
const EXTENSIONS = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']

/** Starts several things at once, which are better started one by one; or us. */
const RUNS_OTHERS =
  /\b(?:concurrently|npm-run-all2?|run-[ps]|turbo|nx|lerna|wireit|foreman|ports dev)\b|\bpnpm\b.*(?:\s-r\b|--recursive|--filter)|\bnpm\b.*(?:\s-w\b|--workspaces?\b)|[^&]&(?:[^&]|$)/
/** Builds over and over again, and serves nothing. */
const BUILDS =
  /\b(?:tsc|tsup|tsdown|rollup|rolldown|unbuild|swc|sass|postcss|tailwindcss|vitest|jest|build)\b/
/** Servers of a package besides its bundler's: `api`, `dev:server`, `worker:dev`. */
const SERVER_SCRIPT =
  /^(?:(?:dev|start|serve):)?(api|server|backend|worker|ws|socket|admin)(?::(?:dev|start))?$/

/** The scripts of a package that seem to start servers: its dev server's first. */
export function scriptServices(directory: string, { scripts }: Manifest): ScriptService[] {
  const found: ScriptService[] = []
  const bundler = bundlerOf(directory)
  const add = (
    script: string,
    more: Omit<ScriptService, 'script' | 'options'>,
    flags = '',
  ): void => {
    const text = scripts[script]
    if (text === undefined || RUNS_OTHERS.test(text)) return
    const runner = scriptRunner(directory)
    const rest = flags && runner.startsWith('npm') ? ` -- ${flags}` : flags && ` ${flags}`
    const { port } = (more.bundler && bundler) || {}
    const command = `${runner} ${script}${rest}`
    found.push({ script, options: { command, ...(port && { preferred: port }) }, ...more })
  }
  const dev = ['dev', 'serve'].find((name) => scripts[name] !== undefined)
  const main = dev ?? (bundler ? 'start' : undefined)
  const text = main && scripts[main]
  if (main && text !== undefined) {
    const isBundler = bundler !== undefined && new RegExp(`\\b${bundler.name}\\b`).test(text)
    const flags = isBundler && !bundler.hasPlugin ? bundler.flags : ''
    add(main, { bundler: isBundler, sure: isBundler || !BUILDS.test(text) }, flags)
  }
  for (const name of Object.keys(scripts)) {
    const server = SERVER_SCRIPT.exec(name)
    const known = found.some(({ script }) => SERVER_SCRIPT.exec(script)?.[1] === server?.[1])
    if (!server || known) continue
    add(name, { bundler: false, sure: !BUILDS.test(scripts[name] ?? '') })
  }
  if (found.length === 0 && /\bnode\b|\btsx\b|\bbun\b/.test(scripts.start ?? '')) {
    add('start', { bundler: false, sure: true })
  }
  return found
}

/** What a script's service is called. */
export function nameOfScript({ script, bundler }: ScriptService): string {
  const named = SERVER_SCRIPT.exec(script)?.[1]
  if (named) return named === 'server' || named === 'backend' ? 'api' : named
  return bundler || script === 'dev' || script === 'serve' ? 'dev' : 'api'
}

/** The port that a directory's bundler takes by itself; `undefined` without one. */
export function usualPort(directory: string): number | undefined {
  return bundlerOf(directory)?.port
}

function bundlerOf(directory: string): (Bundler & { hasPlugin: boolean }) | undefined {
  for (const bundler of BUNDLERS) {
    for (const extension of EXTENSIONS) {
      const file = join(directory, `${bundler.name}.config.${extension}`)
      if (!existsSync(file)) continue
      return { ...bundler, hasPlugin: readText(file).includes('unplugin-ports') }
    }
  }
  return undefined
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

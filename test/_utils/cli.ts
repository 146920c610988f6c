import type { SpawnOptions } from 'node:child_process'
import { join } from 'node:path'
import { type Child, startNode } from './children.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from './temp.ts'

/** The built command. */
export const cliFile = join(repo, 'dist/cli.mjs')
const fixtures = join(repo, 'test/fixtures/cli')

/** What a command line came to. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built `ports` to its end. */
export async function runCli(
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<CliResult> {
  await using child = startNode([cliFile, ...args], options)
  return await endOf(child)
}

/** Waits for the end of a program and gives both of its streams. */
export async function endOf(child: Child): Promise<CliResult> {
  let [stdout, stderr] = ['', '']
  child.process.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.process.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const { code } = await child.ended
  return { code, stdout, stderr }
}

/** The one document that `--json` prints. */
export async function runJson<T>(
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<T & { v: 1; code: number | null }> {
  const { code, stdout } = await runCli([...args, '--json'], options)
  return { ...(JSON.parse(stdout) as T & { v: 1 }), code }
}

/** An empty project that is a checkout of its own: a package with this one and Vite installed. */
export function project(files: Readonly<Record<string, string>> = {}): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'package.json': '{ "name": "shop", "type": "module", "private": true }', ...files })
  return root
}

/**
 * Starts a session in `dir`, such as `leased:api=3000`; it is up when this resolves.
 *
 * @param env Variables besides those of this process, before the services.
 */
export async function startSession(
  dir: string,
  ...[first, ...rest]: [env: Record<string, string> | string, ...services: string[]]
): Promise<Child> {
  const services = typeof first === 'string' ? [first, ...rest] : rest
  const env = typeof first === 'string' ? {} : first
  const child = startNode([join(fixtures, 'session.mjs'), ...services], { cwd: dir, env })
  await child.sees(/ready/)
  return child
}

/** Starts a web server of a stranger that works in `dir`. */
export async function startStranger(dir: string, port: number, ...more: string[]): Promise<Child> {
  const args = [join(fixtures, 'server.mjs'), String(port), ...more]
  const child = startNode(args, { cwd: dir })
  await child.sees(/listening/)
  return child
}

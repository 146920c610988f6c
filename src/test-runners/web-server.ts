import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SessionWorld } from '../session/world.ts'
import { isCi } from '../utils/is-ci.ts'
import { isSwitchedOff } from '../utils/switched-off.ts'
import type { ServerClaim } from './claim-servers.ts'
import type { TestServer, WebServer } from './playwright-types.ts'
import { type ServerTask, TASK_VARIABLE } from './server-task.ts'

/** The others are Playwright's own. */
const OUR_OPTIONS: ReadonlySet<string> = new Set([
  'command',
  'path',
  'https',
  'reuse',
  'preferred',
  'range',
  'pool',
  'strategy',
  'host',
  'strict',
] satisfies (keyof TestServer)[])

const SHUTDOWN = { signal: 'SIGTERM', timeout: 5000 } as const

/**
 * The entry of Playwright's `webServer` for one server. Its command is a program of ours that takes
 * the port over from this process and runs the user's command with it.
 */
export function webServerOf(
  { service, port, url, running }: Omit<ServerClaim, 'note'>,
  server: TestServer,
  { env, pid, place }: SessionWorld,
): WebServer {
  const passedOn = Object.fromEntries(
    Object.entries(server).filter(([name]) => !OUR_OPTIONS.has(name)),
  )
  const { command, path = '/', host, reuse = !isCi(env) } = server
  const shared = {
    gracefulShutdown: SHUTDOWN,
    ...passedOn,
    name: service,
    url: new URL(path, url).href,
  }
  if (isSwitchedOff(env)) return { ...shared, command, reuseExistingServer: reuse }
  const name = typeof host === 'string' ? { host } : {}
  const task: ServerTask = { v: 1, service, command, port, ...name, keeper: pid }
  return {
    ...shared,
    command: runnerLine(place.platform),
    env: { ...server.env, [TASK_VARIABLE]: JSON.stringify(task) },
    // Whoever else should come to be there by then is no server of ours.
    reuseExistingServer: running,
  }
}

/** Found by the package's own name: the module that this code is in moves about when it is bundled. */
function runnerLine(platform: NodeJS.Platform): string {
  const manifest = createRequire(import.meta.url).resolve('unplugin-ports/package.json')
  const words = [process.execPath, join(dirname(manifest), 'dist/test-server.mjs')]
  const quote = (word: string): string =>
    platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`
  return words.map(quote).join(' ')
}

import { createHash } from 'node:crypto'
import { programOptionsSync } from '../config/effective-options.ts'
import { PortsOptionError } from '../errors.ts'
import type { ResolvedOptions } from '../options/resolved.ts'
import { runStepsSync } from '../reservation/questions.ts'
import type { SessionWorld } from '../session/world.ts'
import { isCi } from '../utils/is-ci.ts'
import { realRoot } from '../utils/real-root.ts'
import { isSwitchedOff } from '../utils/switched-off.ts'
import { carriedAddress, dropCarried, readCarried, writeCarried } from './carried.ts'
import {
  claimServers,
  type ServerClaim,
  type ServerClaims,
  type ServerWish,
} from './claim-servers.ts'
import type { PlaywrightPorts, ServerAddress, TestServer, TestServers } from './playwright-types.ts'
import { webServerOf } from './web-server.ts'

/** Keys of what is carried begin with it. */
const KEY_BEGIN = 'playwright:'
/** Of a server whose port nobody chooses, because everything is switched off. */
const PLAIN_PORT = 3000

/** What the config of this process has been given. In the global object: each load of a config may have a copy of this module. */
interface Kept {
  readonly claims: ServerClaims
}
const KEPT = Symbol.for('unplugin-ports.playwright.1')

/** See `ports` in the entry. */
export function playwrightPorts(
  given: TestServer | TestServers,
  world: SessionWorld,
): PlaywrightPorts {
  const { servers, root } =
    'servers' in given ? given : { servers: { dev: given }, root: undefined }
  const [first] = Object.keys(servers)
  if (first === undefined)
    throw new PortsOptionError('servers: is empty; name at least one server.')
  for (const [name, { command }] of Object.entries(servers)) checkCommand(name, command)
  const directory = realRoot(world.cwd, root)
  const key = `${KEY_BEGIN}${digest(directory, servers)}`
  const claims = isSwitchedOff(world.env)
    ? plainServers(servers)
    : serversOf(key, servers, directory, world)
  const baseURL = claims.find(({ service }) => service === first)?.url ?? ''
  return {
    webServer: claims.map((claim) =>
      webServerOf(claim, servers[claim.service] as TestServer, world),
    ),
    use: { baseURL },
    servers: addresses(claims),
  }
}

/** See `port` and `url` in the entry. */
export function playwrightAddress(service: string): ServerAddress {
  const isKey = (key: string): boolean => key.startsWith(KEY_BEGIN)
  return carriedAddress(process.env, isKey, service, "Playwright's config")
}

type Claim = Omit<ServerClaim, 'note'>

function serversOf(
  key: string,
  servers: Record<string, TestServer>,
  root: string,
  world: SessionWorld,
): readonly Claim[] {
  const all = keptHere()
  const kept = all.get(key)
  const carried = readCarried(process.env, key)
  // A worker: what the main process has found counts.
  if (!kept && carried) {
    return Object.entries(carried).map(([service, at]) => ({ service, ...at, running: false }))
  }
  const before = new Map(kept?.claims.servers.map(({ service, port }) => [service, port]))
  kept?.claims.close()
  all.delete(key)
  dropCarried(process.env, key)
  const wishes = new Map(
    Object.entries(servers).map(([name, { reuse = !isCi(world.env), https = false }]) => {
      return [name, { reuse, secure: https, before: before.get(name) } satisfies ServerWish]
    }),
  )
  const claims = runStepsSync(
    claimServers(resolve(servers, root), wishes, { ...world, cwd: root }),
    world.place,
  )
  all.set(key, { claims })
  writeCarried(process.env, key, addresses(claims.servers))
  for (const warning of claims.warnings) world.warn(warning)
  for (const { service, port, note } of claims.servers) {
    // Said once, however often the config is loaded.
    if (note !== undefined && before.get(service) !== port) process.stderr.write(`ports: ${note}\n`)
  }
  return claims.servers
}

function resolve(servers: Record<string, TestServer>, root: string): ResolvedOptions {
  const services = Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, portWish(server)]),
  )
  const { options } = programOptionsSync({ root, services }, root)
  const wrong = options.services.find(({ protocol }) => protocol !== 'tcp')
  if (wrong) {
    throw new PortsOptionError(
      `services.${wrong.name}.protocol: is "${wrong.protocol}"; a server that Playwright waits for has "tcp".`,
    )
  }
  return options
}

function portWish({ preferred, range, pool, strategy, host, strict }: TestServer): object {
  const wish = { preferred, range, pool, strategy, host, strict }
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined))
}

/** Everything is switched off: as if the config had been written without us. */
function plainServers(servers: Record<string, TestServer>): Claim[] {
  return Object.entries(servers).map(([service, { preferred, https }]) => {
    const port = [preferred ?? PLAIN_PORT].flat()[0] ?? PLAIN_PORT
    const url = `${https ? 'https' : 'http'}://localhost:${port}`
    return { service, port, url, running: true }
  })
}

function addresses(claims: readonly Claim[]): Record<string, ServerAddress> {
  return Object.fromEntries(claims.map(({ service, port, url }) => [service, { port, url }]))
}

function checkCommand(name: string, command: unknown): void {
  if (typeof command === 'string' && command.trim() !== '') return
  throw new PortsOptionError(
    `servers.${name}.command: should be a line for the shell, such as "npm run dev".`,
  )
}

function digest(root: string, servers: Record<string, TestServer>): string {
  return createHash('sha256')
    .update(JSON.stringify([root, servers]))
    .digest('hex')
    .slice(0, 16)
}

function keptHere(): Map<string, Kept> {
  const holder = globalThis as { [KEPT]?: Map<string, Kept> }
  holder[KEPT] ??= new Map()
  return holder[KEPT]
}

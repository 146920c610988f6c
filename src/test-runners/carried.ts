import { PortsError } from '../errors.ts'
import type { ServerAddress } from './playwright-types.ts'

/**
 * The variable in which the process that loads a test runner's config first carries its ports to its
 * workers, which load the config again. JSON: by config, by service.
 */
export const CARRIED_VARIABLE = 'UNPLUGIN_PORTS_TESTS'

type Env = Record<string, string | undefined>
/** Addresses by service. */
export type Addresses = Readonly<Record<string, ServerAddress>>

/** What was carried for the config called `key`. */
export function readCarried(env: Readonly<Env>, key: string): Addresses | undefined {
  const all = readAll(env)
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/** Carries `servers` to every process that is started with `env` from now on. */
export function writeCarried(env: Env, key: string, servers: Addresses): void {
  env[CARRIED_VARIABLE] = JSON.stringify({ ...readAll(env), [key]: servers })
}

/** Carries nothing for that config any more. */
export function dropCarried(env: Env, key: string): void {
  const { [key]: _, ...rest } = readAll(env)
  if (Object.keys(rest).length > 0) env[CARRIED_VARIABLE] = JSON.stringify(rest)
  else delete env[CARRIED_VARIABLE]
}

/**
 * Where the server of `service` is, whichever of the configs with such a key it comes from.
 *
 * @param where Who should have said it, for the error.
 * @throws PortsError `PORTS_NO_SERVICE`
 */
export function carriedAddress(
  env: Readonly<Env>,
  isKey: (key: string) => boolean,
  service: string,
  where: string,
): ServerAddress {
  const known = Object.entries(readAll(env)).filter(([key]) => isKey(key))
  for (const [, servers] of known) {
    const address = Object.hasOwn(servers, service) ? servers[service] : undefined
    if (address) return address
  }
  const names = known.flatMap(([, servers]) => Object.keys(servers)).map((name) => `"${name}"`)
  throw new PortsError(
    'PORTS_NO_SERVICE',
    `${where} has no service "${service}". It has: ${names.join(', ') || 'none'}.`,
  )
}

/** Every carried address whose key is such a one, by service; of two with one name the first. */
export function carriedAddresses(
  env: Readonly<Env>,
  isKey: (key: string) => boolean,
): Record<string, ServerAddress> {
  const known = Object.entries(readAll(env)).filter(([key]) => isKey(key))
  return Object.assign({}, ...known.map(([, servers]) => servers).toReversed()) as Record<
    string,
    ServerAddress
  >
}

function readAll(env: Readonly<Env>): Record<string, Addresses> {
  try {
    const value: unknown = JSON.parse(env[CARRIED_VARIABLE] ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, Addresses>) : {}
  } catch {
    // Somebody else's variable of that name is as good as none.
    return {}
  }
}

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FileStamps } from '../../config/with-compose.ts'
import { loadOptions } from '../../config/load.ts'
import { variableStem } from '../../options/names.ts'
import { kindOf } from '../../options/services.ts'
import { namesOf } from '../../options/processes.ts'
import type { Options, ServiceOptions } from '../../types.ts'
import { usualPort } from './package-services.ts'
import { packageDirectories } from './workspace.ts'

/** What the packages of a workspace have besides the services of its root. */
export interface PackageServices {
  readonly services: Readonly<Record<string, ServiceOptions>>
  /** Config files of their own. */
  readonly files: FileStamps
}

type Services = NonNullable<Options['services']>

/**
 * The services with a command that config files give to single packages, each under a name that no
 * other service has: the dev server of `apps/web` is `web`, a second `api` is `web-api`.
 *
 * @param root Absolute; of the workspace, with the config file.
 * @param named Directories and patterns that the file names, relative to the root.
 * @param fresh The files may have been edited since they were read.
 * @throws PortsOptionError for a config file that is wrong.
 */
export async function packageServices(
  root: string,
  named: readonly string[],
  fresh: boolean,
): Promise<PackageServices> {
  const common = (await loadOptions({ root, given: undefined, fresh })).options?.services ?? {}
  const taken = new Set(Object.keys(common).filter((name) => hasCommand(common[name])))
  const services: Record<string, ServiceOptions> = {}
  const files = new Map<string, string>()
  for (const place of await directoriesOf(root, named)) {
    const directory = join(root, place)
    const { options, file, stamp } = await loadOptions({ root: directory, given: undefined, fresh })
    if (file !== undefined) files.set(file, stamp)
    const own = ownServices(options?.services ?? {}, common)
    const names = new Map(own.map(([name]) => [name, uniqueName(name, place, taken)]))
    for (const name of names.values()) taken.add(name)
    for (const [name, service] of own) {
      services[names.get(name) ?? name] = inWorkspace(name, service, directory, names)
    }
  }
  return { services, files }
}

async function directoriesOf(root: string, named: readonly string[]): Promise<string[]> {
  const plain = named.filter((place) => !place.includes('*') && existsSync(join(root, place)))
  const places = [...(await packageDirectories(root, named)), ...plain.map(tidy)]
  return [...new Set(places)].filter((place) => place !== '' && place !== '.').toSorted()
}

/** What starts something there that is not started for all packages together. */
function ownServices(services: Services, common: Services): [string, ServiceOptions][] {
  return Object.entries(services).filter((entry): entry is [string, ServiceOptions] => {
    const [name, service] = entry
    return hasCommand(service) && startOf(service) !== startOf(common[name])
  })
}

function startOf(service: Services[string] | undefined): string {
  const { command, cwd } = typeof service === 'object' ? service : {}
  return JSON.stringify([command, cwd])
}

function hasCommand(service: Services[string] | undefined): boolean {
  return typeof service === 'object' && service.command !== undefined
}

function uniqueName(name: string, place: string, taken: ReadonlySet<string>): string {
  const prefix = basename(place).replace(/[^\w.-]/g, '-')
  const wanted = kindOf(name) === 'external' ? name : prefix
  if (!taken.has(wanted)) return wanted
  const longer = wanted === name ? `${prefix}-${name}` : `${prefix}-dev`
  return taken.has(longer) ? tidy(place).replace(/[^\w.-]/g, '-') + `-${name}` : longer
}

/** The same service under its name in the workspace; what its package calls others goes on to count. */
function inWorkspace(
  name: string,
  service: ServiceOptions,
  directory: string,
  names: ReadonlyMap<string, string>,
): ServiceOptions {
  const {
    env,
    dependsOn,
    preferred = kindOf(name) === 'dev' ? usualPort(directory) : undefined,
  } = service
  const renamed = [...names].filter(([before, after]) => before !== after)
  const aliases = renamed.flatMap(([before, after]) => {
    const prefix = variableStem(before)
    return [
      [`${prefix}_PORT`, `{${after}.port}`],
      [`${prefix}_URL`, `{${after}.url}`],
    ]
  })
  const said = typeof env === 'string' || Array.isArray(env) ? { port: env } : env
  return {
    ...service,
    ...(preferred !== undefined && { preferred }),
    ...(dependsOn !== undefined && {
      dependsOn: namesOf(dependsOn).map((other) => names.get(other) ?? other),
    }),
    ...(aliases.length > 0 &&
      said !== false && { env: { ...Object.fromEntries(aliases), ...said } }),
  }
}

function tidy(place: string): string {
  return place.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
}

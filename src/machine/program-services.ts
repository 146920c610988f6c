import { effectiveOptions } from '../config/effective-options.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { GIVEN_BY_OTHERS } from '../options/names.ts'
import { isInRange } from '../options/ranges.ts'
import type { Range, ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { SessionWorld } from '../session/world.ts'
import { isInside } from '../utils/checkout.ts'
import { realRoot } from '../utils/real-root.ts'
import { allLeasesHere, hereOf, nearestRoot } from './leases-here.ts'

/** The service of a command, and what was typed about it. */
export interface ProgramService {
  /** Name of its service; the config file may say more of it. */
  readonly service: string
  /** Tried first; without it a port that the environment names. */
  readonly preferred: number | undefined
  /** Tried after that. Default: that of the config file; else a hundred ports from the preferred one on. */
  readonly range: Range | undefined
  /** Default: that of the config file. */
  readonly host: string | undefined
}

/** What is to be reserved for a command. */
export interface ProgramServices {
  readonly options: ResolvedOptions
  /** What the command serves on: one service, or several with `count`. */
  readonly own: readonly ResolvedService[]
  /** The config file's other services that nobody has reserved yet: kept free for their servers. */
  readonly siblings: readonly ResolvedService[]
  /** The variable that names the port. */
  readonly from: string | undefined
  /** The environment without variables that count for nothing here. */
  readonly env: SessionWorld['env']
  /** Somebody of this checkout keeps this port free for the service. */
  readonly expected: LeaseAnswer | undefined
}

/**
 * The services of a command: what is typed, over what the config file says of its service, and the
 * file's other services.
 *
 * @throws PortsOptionError for a wrong name, flag or config file.
 */
export async function programServices(
  request: ProgramService,
  world: SessionWorld,
): Promise<ProgramServices> {
  const { preferred } = request
  const { options } = await effectiveOptions({
    given: { services: { [request.service]: typedOptions(request) } },
    cwd: world.cwd,
    root: undefined,
    mode: undefined,
  })
  const mine = options.services.filter((service) => isOf(service, request.service))
  const leases = await allLeasesHere(hereOf(world.cwd, world.place))
  const expected = onlyOne(
    nearestRoot(
      leases.filter(({ service }) => service === request.service),
      world.cwd,
    ).filter(({ state, protocol }) => state === 'leased' && protocol === undefined),
  )
  const names = mine[0]?.env.port ?? []
  // What is typed wins over every variable.
  const readable = preferred === undefined ? [...names, ...GIVEN_BY_OTHERS] : []
  const reads = readable.filter((name) => !names.includes(name))
  const own = mine.map((service, index): ResolvedService => {
    const first = index === 0
    return {
      ...service,
      required: true,
      preferred: preferredOf(service, request, first ? expected?.port : undefined),
      env: first ? { ...service.env, reads } : service.env,
    }
  })
  const root = realRoot(world.cwd, options.root)
  const had = new Set(
    leases.filter((lease) => isInside(root, lease.root)).map(({ service }) => service),
  )
  const siblings = options.services
    .filter((service) => service.kind === 'external' && !mine.includes(service))
    .filter(({ name }) => !had.has(name))
    .map((service): ResolvedService => ({ ...service, required: false }))
  return {
    options,
    own,
    siblings,
    from: readable.find((name) => world.env[name]),
    env: preferred === undefined ? world.env : { ...world.env, ...blank(names) },
    expected,
  }
}

function typedOptions({ preferred, range, host }: ProgramService) {
  return {
    ...(preferred !== undefined && { preferred }),
    ...(range && { range: [range.from, range.to] as const }),
    ...(host !== undefined && { host }),
  }
}

function isOf({ name, instance }: ResolvedService, entry: string): boolean {
  return (instance?.of ?? name) === entry
}

/** Where somebody waits for it comes first; a typed range leaves out what the file prefers besides. */
function preferredOf(
  service: ResolvedService,
  { preferred, range }: ProgramService,
  expected: number | undefined,
): readonly number[] {
  if (preferred !== undefined) return service.preferred
  const ports = service.preferred.filter((port) => !range || isInRange(port, range))
  return expected === undefined ? ports : [...new Set([expected, ...ports])]
}

function onlyOne(leases: readonly LeaseAnswer[]): LeaseAnswer | undefined {
  return new Set(leases.map(({ port }) => port)).size === 1 ? leases[0] : undefined
}

function blank(names: readonly string[]): Record<string, undefined> {
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

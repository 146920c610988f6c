import type { LeaseAnswer } from '../lease/answer.ts'
import { leasedPorts } from '../lease/list.ts'
import { type Here, hereOf, nearestRoot } from '../machine/leases-here.ts'
import { urlHostname } from '../net/addresses.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import { attemptText, holderText } from '../reservation/holder-text.ts'
import { ask, type Steps } from '../reservation/questions.ts'
import { leaseHolder } from '../reservation/who-holds.ts'
import { openSteps } from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { Reservation } from '../types.ts'
import { realRoot } from '../utils/real-root.ts'
import type { ServerAddress } from './playwright-types.ts'

/** How the tests want one server. */
export interface ServerWish {
  /** A server of this checkout that runs already will do. */
  readonly reuse: boolean
  readonly secure: boolean
  /** The port that it had in an earlier load of the config by this process. */
  readonly before: number | undefined
}

/** Where one server is, or will be. */
export interface ServerClaim extends ServerAddress {
  readonly service: string
  /** This checkout's server listens there already. */
  readonly running: boolean
  /** What a person may want to know of it, in one line. */
  readonly note: string | undefined
}

/** What came of {@link claimServers}. */
export interface ServerClaims {
  readonly servers: readonly ServerClaim[]
  readonly warnings: readonly string[]
  /** Gives the ports up that no server has taken over. */
  close(): void
}

/** Servers without a lease that are passed over, one after the other, before the search is given up. */
const MAX_OWN_SERVERS = 20

/**
 * Finds the servers of this checkout that run already, and leases ports for the others: nobody binds
 * them, so whoever looks whether a server is there finds none.
 *
 * @throws PortsError when a port can't be had; it says who has it.
 */
export function* claimServers(
  resolved: ResolvedOptions,
  wishes: ReadonlyMap<string, ServerWish>,
  world: SessionWorld,
): Steps<ServerClaims> {
  const here = hereOf(realRoot(world.cwd, resolved.root), world.place)
  const leases = yield* leasesOf(here)
  const claims = new Map<string, ServerClaim>()
  for (const service of resolved.services) {
    const running = yield* findRunning(service, wishes.get(service.name), leases, here)
    if (running) claims.set(service.name, running)
  }
  const used = new Set([...claims.values()].map(({ port }) => port))
  // Of other servers of this checkout, a dev server's API for example, which these tests don't use.
  const others = leases.map(({ port }) => port).filter((port) => !used.has(port))
  const services = resolved.services
    .filter(({ name }) => !claims.has(name))
    .map((service) => preferring(service, wishes.get(service.name)?.before))
  const opened = yield* open({ ...resolved, services }, others, wishes, world)
  for (const [service, reservation] of opened.use.reservations) {
    const { port, url, state } = reservation
    const running = state === 'running'
    const note = yield* noteOf(reservation, here)
    claims.set(service, { service, port, url, running, note })
  }
  return {
    servers: resolved.services.flatMap(({ name }) => claims.get(name) ?? []),
    warnings: opened.warnings,
    close: () => opened.use.close(),
  }
}

function* leasesOf({ place, checkout, cwd }: Here): Steps<LeaseAnswer[]> {
  const leased = [...leasedPorts(place)]
  if (leased.length === 0) return []
  const answers = yield* ask({ ask: 'leases', endpoints: leased })
  const own = [...answers.values()].filter((lease) => lease.checkout === checkout.dir)
  // The services of the nearest root come first.
  return [...new Set([...nearestRoot(own, cwd), ...own])]
}

function* findRunning(
  service: ResolvedService,
  wish: ServerWish | undefined,
  leases: readonly LeaseAnswer[],
  here: Here,
): Steps<ServerClaim | undefined> {
  const { name } = service
  for (const lease of leases.filter((lease) => lease.service === name)) {
    const { port } = lease
    if (!wish?.reuse && port !== wish?.before) continue
    if (!(yield* isServing(lease, here))) continue
    const bound = yield* ask({ ask: 'address', host: service.host })
    const scheme = wish.secure ? 'https' : 'http'
    const url = `${scheme}://${urlHostname(bound ?? { host: 'localhost', address: undefined })}:${port}`
    const who = holderText(leaseHolder(lease), here.checkout.dir)
    return { service: name, port, url, running: true, note: `${name} is ${url}, ${who}` }
  }
  return undefined
}

/** A lease alone is no server, and whoever listens on a leased port may be a stranger. */
function* isServing(lease: LeaseAnswer, { checkout }: Here): Steps<boolean> {
  const { port, service, state, serving } = lease
  if (serving) return true
  if (state === 'held') return false
  const listening = yield* ask({ ask: 'listening', ports: [port], address: undefined })
  if (listening.length === 0) return false
  const asker = { checkout: checkout.dir, service, leased: false }
  return (yield* ask({ ask: 'whose', endpoint: port, ...asker })) === 'ours'
}

function preferring(service: ResolvedService, before: number | undefined): ResolvedService {
  if (before === undefined) return service
  return { ...service, preferred: [...new Set([before, ...service.preferred])] }
}

/** Leases ports; those of servers of this checkout that are not to be used are passed over. */
function* open(
  resolved: ResolvedOptions,
  others: readonly number[],
  wishes: ReadonlyMap<string, ServerWish>,
  world: SessionWorld,
): ReturnType<typeof openSteps> {
  const secure = new Set([...wishes].flatMap(([name, wish]) => (wish.secure ? [name] : [])))
  const exclude = others.map((port) => ({ from: port, to: port }))
  for (let tries = 0; ; tries++) {
    const options = { ...resolved, exclude: [...resolved.exclude, ...exclude] }
    const opened = yield* openSteps(options, world, { hold: false, secure })
    const unwanted = [...opened.use.reservations.values()].filter(
      ({ service, state }) => state === 'running' && !wishes.get(service)?.reuse,
    )
    if (unwanted.length === 0 || tries === MAX_OWN_SERVERS) return opened
    exclude.push(...unwanted.map(({ port }) => ({ from: port, to: port })))
    opened.use.close()
  }
}

/** Nothing worth saying is `undefined`. */
function* noteOf(reservation: Reservation, { checkout }: Here): Steps<string | undefined> {
  const { service, url, attempts } = reservation
  const passed = attempts.filter(
    ({ rejected }) => rejected !== undefined && rejected !== 'excluded',
  )
  const [first] = passed
  if (!first) return undefined
  // As an error would list them, though this is none.
  yield* ask({ ask: 'holders', problems: [{ service, code: 'PORTS_TAKEN', attempts: passed }] })
  return `${service} is ${url}; ${first.port} ${attemptText(first, checkout.dir)}`
}

import { relative, sep } from 'node:path'
import { hereOf } from '../machine/leases-here.ts'
import { type Inventory, type InventoryRow, takeInventory } from '../machine/inventory.ts'
import { endpointOf } from '../net/endpoint.ts'
import { wellKnownPort } from '../options/well-known.ts'
import { howChosen, type SummaryRow } from '../output/summary.ts'
import { measure } from '../reservation/utilisation.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { ServiceProcess, Utilisation } from '../types.ts'
import { healthOf } from './health-report.ts'
import { identityOf } from './identity.ts'
import { withoutForeignCommand } from './own-process.ts'
import type {
  CheckoutReport,
  ProcessReport,
  ServiceReport,
  ServiceState,
  StatusReport,
} from './report.ts'
import type { StatusSource } from './source.ts'

/** What must be asked of the whole machine. */
export interface MachineFacts {
  readonly rows: readonly InventoryRow[]
  readonly pools: readonly Utilisation[]
}

/** Asks the machine: who has which port, and how full pools are. Takes tens of milliseconds. */
export async function askMachine(source: StatusSource): Promise<MachineFacts> {
  const { place, env } = source.world
  const here = hereOf(source.session.identity.root, place)
  const [inventory, pools] = await Promise.all([
    takeInventory(here, { place, env }, { strangers: false }).catch((): Inventory => NOTHING),
    measure(source.areas(), place).catch(() => []),
  ])
  return { rows: inventory.rows.map(withoutForeignCommand), pools }
}

const NOTHING: Inventory = { rows: [], silent: 0 }

/** Everything that a reader at this machine may see. */
export function collect(
  source: StatusSource,
  service: string,
  machine: MachineFacts,
): StatusReport {
  const { session, envFile } = source
  const known = new Map(machine.rows.map((row) => [endpointOf(row), row]))
  const health = [...session.healthSources].flatMap((one) => one.all())
  const own = source.rows().map((row) => ownService(row, source, known))
  const shown = new Set(own.flatMap(({ service }) => source.reservation(service) ?? []))
  const others = [...session.reservations].filter((reservation) => !shown.has(reservation))
  const named = new Set([...shown, ...others].map(({ endpoint }) => endpoint))
  const siblings = machine.rows.filter((row) => row.here && !named.has(endpointOf(row)))
  const [networkUrl] = source.networkUrls()
  const services = [
    ...own,
    ...others.map((reservation) => programService(reservation, source, known)),
    ...siblings.map((row) => siblingService(row, source)),
  ]
  return {
    v: 1,
    at: Date.now(),
    reader: 'local',
    identity: identityOf(source, service, 'local'),
    ...(envFile !== undefined && { envFile }),
    ...(networkUrl !== undefined && { networkUrl }),
    services: services.map((one) => {
      const watched = one.within === undefined && health.find((h) => h.service === one.service)
      return watched ? { ...one, health: healthOf(watched, source.isProbed(one.service)) } : one
    }),
    checkouts: checkoutsOf(machine.rows),
    pools: machine.pools,
    events: session.log.events,
  }
}

type Known = ReadonlyMap<unknown, InventoryRow>

function ownService(row: SummaryRow, source: StatusSource, known: Known): ServiceReport {
  const { service, link, sharedWith, allocation, without } = row
  const reservation = source.reservation(service)
  const variables = source.variables(service).map(([name, value]) => ({ name, value }))
  if (sharedWith !== undefined) {
    const { port = 0 } = source.reservation(sharedWith) ?? {}
    const how = `shared with ${sharedWith}`
    return { service, port, link: false, state: 'shared', sharedWith, how, variables, actions: [] }
  }
  if (!allocation || !reservation) {
    const how = without ?? 'no port could be had, and none is required'
    return { service, port: 0, link: false, state: 'missing', how, variables: [], actions: [] }
  }
  const start = source.startCommand(service)
  return {
    ...reserved(reservation, source, known, row),
    link,
    variables,
    ...(start !== undefined && { start }),
  }
}

/** What a program of this process has reserved besides. */
function programService(
  reservation: PortReservation,
  source: StatusSource,
  known: Known,
): ServiceReport {
  const row = { service: reservation.service, allocation: reservation, link: false }
  return { ...reserved(reservation, source, known, row), variables: [] }
}

function reserved(
  reservation: PortReservation,
  source: StatusSource,
  known: Known,
  row: SummaryRow,
): ServiceReport {
  const { service, port, protocol, path, url, description, released } = reservation
  const { checkout, processes } = source.session
  const seen = known.get(reservation.endpoint)
  const attempts = reservation.attempts.map((attempt) => {
    const { holder } = attempt
    return holder ? { ...attempt, holder: withoutForeignCommand(holder) } : attempt
  })
  const style = { from: checkout.dir, linked: checkout.kind === 'worktree' }
  const started = processes?.all().find((one) => one.service === service)
  const state = released ? 'released' : stateOf(reservation, seen)
  const free = state === 'waiting' || state === 'running' || state === 'held'
  return {
    service,
    port,
    ...(protocol !== 'tcp' && { protocol }),
    ...(path !== undefined && { path }),
    url,
    link: false,
    state,
    ...(description && { description }),
    source: reservation.source,
    how: howChosen(row, { source: reservation.source, attempts }, style),
    ...(seen && !released && { owner: ownerOf(seen), since: seen.since }),
    ...(started && { process: processOf(started) }),
    variables: [],
    actions: [
      ...(free && path === undefined ? (['move'] as const) : []),
      ...(free ? (['release'] as const) : []),
      ...(started ? (['restart'] as const) : []),
    ],
  } as ServiceReport
}

function processOf({ service: _service, ...process }: ServiceProcess): ProcessReport {
  return process
}

function stateOf({ state }: PortReservation, seen: InventoryRow | undefined): ServiceState {
  if (state === 'serving' || state === 'held' || state === 'shared') return state
  // Whether its server is there changes all the time, and the machine was asked just now.
  if (seen?.state === 'running' || seen?.state === 'waiting') return seen.state
  return state === 'running' ? 'running' : 'waiting'
}

/** A service that another process of this checkout has. */
function siblingService(row: InventoryRow, source: StatusSource): ServiceReport {
  const { service = '', port, protocol, path, root, since } = row
  const { checkout, identity } = source.session
  const within =
    root === undefined || root === identity.root
      ? undefined
      : relative(checkout.dir, root).split(sep).join('/') || '.'
  const state = row.state === 'listening' ? 'running' : row.state
  return {
    service,
    port,
    ...(protocol && protocol !== 'tcp' && { protocol }),
    ...(path !== undefined && { path }),
    ...urlOf(row),
    link: false,
    state,
    ...(within !== undefined && { within }),
    how: 'reserved by another process of this checkout',
    owner: ownerOf(row),
    ...(since && { since }),
    variables: [],
    actions: state === 'serving' || path !== undefined || protocol === 'udp' ? [] : ['release'],
  }
}

function ownerOf({ pid, command, container }: InventoryRow): NonNullable<ServiceReport['owner']> {
  return {
    ...(pid !== undefined && { pid }),
    ...(command && { command }),
    ...(container && { container }),
  }
}

/** What a lease doesn't say: most services speak HTTP, and well-known ones say otherwise. */
function urlOf({ service = '', port, protocol, path }: InventoryRow): { url?: string } {
  const scheme = wellKnownPort(service)?.scheme ?? 'http'
  if (path !== undefined || protocol === 'udp' || service === 'hmr') return {}
  return { url: `${scheme}://localhost:${port}` }
}

function checkoutsOf(rows: readonly InventoryRow[]): CheckoutReport[] {
  const others = rows.filter(({ here, checkout, service }) => !here && checkout && service)
  const groups = new Map<string | undefined, InventoryRow[]>()
  for (const row of others) groups.set(row.checkout, [...(groups.get(row.checkout) ?? []), row])
  return [...groups].map(([dir, theirs]) => {
    const branch = theirs.find((row) => row.branch)?.branch
    return {
      ...(dir !== undefined && { dir }),
      ...(branch && { branch }),
      services: theirs.map((row) => ({
        service: row.service ?? '',
        port: row.port,
        ...(row.protocol && row.protocol !== 'tcp' && { protocol: row.protocol }),
        ...urlOf(row),
        state: row.state === 'listening' ? 'running' : row.state,
        ...ownerOf(row),
      })),
    }
  })
}

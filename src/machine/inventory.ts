import { leasedPorts, listLeases, listOtherLeases } from '../lease/list.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { listeningPorts } from '../net/owners/listening.ts'
import type { Protocol } from '../types.ts'
import type { Here } from './leases-here.ts'
import { type Looking, lookAt, type PortView } from './look-at.ts'

/** What a port is doing now. */
export type PortState =
  /** Bound for a server to come. */
  | 'held'
  /** The server of the process that has the lease listens. */
  | 'serving'
  /** Kept free for a server that somebody else starts. */
  | 'waiting'
  /** A server that somebody else started listens on a leased port. */
  | 'running'
  /** A stranger listens; nobody has leased it. */
  | 'listening'

/** One port that somebody on this machine has. */
export interface InventoryRow {
  /** `0` with a `path`. */
  readonly port: number
  /** Absent for TCP. */
  readonly protocol?: Protocol | undefined
  /** Of a service that listens on a socket path instead of a port. */
  readonly path?: string | undefined
  readonly state: PortState
  /** With a lease. */
  readonly service?: string
  /** Root of the session that has the lease. */
  readonly root?: string
  readonly checkout?: string
  readonly branch?: string
  /** It belongs to the checkout that was asked from. */
  readonly here: boolean
  /** Who listens; while nobody does, who has the lease. */
  readonly pid?: number
  readonly command?: string
  /** Since when it is leased, or the listening process runs; ISO 8601. */
  readonly since?: string
  /** Name of the container that has it. */
  readonly container?: string
}

/** What is listed. */
export interface InventoryOptions {
  /** Listeners without a lease too. */
  readonly strangers: boolean
}

/** The ports that somebody has. */
export interface Inventory {
  /** This checkout's first, then by checkout and port. */
  readonly rows: readonly InventoryRow[]
  /** How many leases have an owner that did not answer. */
  readonly silent: number
}

/** What is held, leased and, if wanted, listened on by others on this machine. */
export async function takeInventory(
  here: Here,
  looking: Looking,
  { strangers }: InventoryOptions,
): Promise<Inventory> {
  const leasedBefore = leasedPorts(here.place)
  const [leases, others, listening] = await Promise.all([
    listLeases(here.place),
    listOtherLeases(here.place),
    listeningPorts(),
  ])
  const leased = new Map(leases.map((lease) => [lease.port, lease]))
  // A process that has the lease tells of itself; who else is there must be searched for.
  const unknown = [...listening].filter((port) => {
    const lease = leased.get(port)
    return lease ? lease.state === 'leased' || lease.serving : strangers
  })
  const views = unknown.length > 0 ? await lookAt(unknown, looking) : new Map<number, PortView>()
  const rows = [
    ...leases.map((lease) => leaseRow(lease, listening.has(lease.port), views.get(lease.port))),
    // Whether a stranger's server is there, the list of TCP listeners does not tell.
    ...others.map((lease) => leaseRow(lease, false, undefined)),
    ...unknown.flatMap((port) => {
      const view = views.get(port)
      // The lease may be gone, or new, since the list was made.
      return leased.has(port) || !view
        ? []
        : [view.lease ? leaseRow(view.lease, true, view) : strangerRow(view)]
    }),
  ]
  const stillLeased = leasedPorts(here.place)
  const silent = [...leasedBefore].filter((port) => !leased.has(port) && stillLeased.has(port))
  return {
    rows: rows
      .map((row): InventoryRow => ({ ...row, here: row.checkout === here.checkout.dir }))
      .toSorted(inOrder),
    silent: silent.length,
  }
}

type Row = Omit<InventoryRow, 'here'>

function leaseRow(lease: LeaseAnswer, isListening: boolean, view: PortView | undefined): Row {
  const { port, protocol, path, service, root, checkout, branch, since } = lease
  const listeners = view?.listeners ?? []
  // A child serves on the owner's socket, which the owner has as well.
  const server = listeners.find(({ pid }) => pid !== lease.pid) ?? listeners[0] ?? lease
  return {
    port,
    ...(protocol && { protocol }),
    ...(path !== undefined && { path }),
    state: stateOf(lease, isListening),
    service,
    root,
    checkout,
    ...(branch && { branch }),
    ...processOf(server),
    since,
    ...(view?.container && { container: view.container.name }),
  }
}

function stateOf(lease: LeaseAnswer, isListening: boolean): PortState {
  if (lease.serving) return 'serving'
  if (lease.state === 'held') return 'held'
  return isListening ? 'running' : 'waiting'
}

function strangerRow({ port, listeners, container }: PortView): Row {
  const [first] = listeners
  return {
    port,
    state: 'listening',
    ...(first?.checkout && { checkout: first.checkout }),
    ...(first?.branch && { branch: first.branch }),
    ...(first && processOf(first)),
    ...(first?.startedAt && { since: first.startedAt }),
    ...(container && { container: container.name }),
  }
}

function processOf({
  pid,
  command,
}: {
  pid?: number
  command?: string
}): Pick<Row, 'pid' | 'command'> {
  return { ...(pid !== undefined && { pid }), ...(command && { command }) }
}

function inOrder(a: InventoryRow, b: InventoryRow): number {
  if (a.here !== b.here) return a.here ? -1 : 1
  const [left, right] = [a.checkout ?? '\uffff', b.checkout ?? '\uffff']
  if (left !== right) return left < right ? -1 : 1
  return a.port - b.port
}

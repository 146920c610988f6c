import { treeOf, type ProcessRow } from '../../child/tree/process-row.ts'
import { listerFor } from '../../child/tree/index.ts'
import type { LeaseAnswer } from '../../lease/answer.ts'
import { listLeases } from '../../lease/list.ts'
import { accepts } from '../../net/accepting.ts'
import { findPortOwners, type PortOwner } from '../../net/owners/index.ts'
import { listeningPorts } from '../../net/owners/listening.ts'
import { type LeasePlace, OWNERS_TIMEOUT_MS } from '../../reservation/who-holds.ts'
import { findCheckout } from '../../utils/checkout.ts'
import { isSameProcess, type ProcessMark } from '../../utils/process-mark.ts'

/** A program that was this service's server, as the system described it. */
export interface KnownServer {
  readonly mark: ProcessMark
  /** Full command line and working directory; absent where the system doesn't tell. */
  readonly command: string | undefined
  readonly cwd: string | undefined
  readonly startedAt: string | undefined
  /** Ports besides the service's on which it listened as well: a debugger's, another protocol's. */
  readonly otherPorts: ReadonlySet<number>
}

/** What is known of a service whose server is not on its port. */
export interface Missing {
  readonly service: string
  readonly root: string
  readonly checkout: string
  /** Where it should be. */
  readonly port: number
  /** Ports of other services, and those that this one was moved away from; never taken for its own. */
  readonly others: ReadonlySet<number>
  /** Its last server, when there was one. */
  readonly known: KnownServer | undefined
  /** Programs that were started for it. */
  readonly started: readonly { readonly pid: number; readonly mark: string }[]
  /** Programs of other services, whose commands prove nothing. */
  readonly strangers: readonly KnownServer[]
}

/** A service's server, found on another port. */
export interface MovedServer {
  readonly port: number
  readonly pid: number | undefined
  /** The command line; for people only after it was shortened. */
  readonly command: string | undefined
}

/** `node --inspect` and its kin listen for debuggers from here on. */
const INSPECTOR_PORT = 9229

/**
 * Looks for a service's server on other ports than its own. Only what proves that it is this one is
 * followed: a lease of this checkout in the service's name; the process that served it before, or was
 * started for it, with all its children; or the same command in the same directory, started after
 * the one that served it had ended. Where that leaves more than one port, nobody is taken.
 *
 * Takes tens of milliseconds.
 */
export async function findMovedServer(
  missing: Missing,
  place: LeasePlace,
): Promise<MovedServer | undefined> {
  return firstFound([findByLease(missing, place), findByProcess(missing, place.platform)])
}

/** Whichever search finds somebody first; a session that doesn't answer for its lease holds up nobody. */
async function firstFound<T>(searches: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  const found = searches.map(async (search) => {
    const result = await search
    if (result === undefined) throw new Error('not found')
    return result
  })
  return Promise.any(found).catch(() => undefined)
}

async function findByLease(
  { service, root, checkout, port, others }: Missing,
  place: LeasePlace,
): Promise<MovedServer | undefined> {
  const leases = (await listLeases(place, (one) => one !== port && !others.has(one))).filter(
    (lease) =>
      lease.service === service && lease.checkout === checkout && lease.pid !== process.pid,
  )
  const here = leases.filter((lease) => lease.root === root)
  const [only, ...more] = await serving(here.length > 0 ? here : leases)
  return only && more.length === 0
    ? { port: only.port, pid: only.pid, command: only.command }
    : undefined
}

async function serving(leases: readonly LeaseAnswer[]): Promise<LeaseAnswer[]> {
  const answers = await Promise.all(leases.map(({ port }) => accepts(port, 'localhost')))
  return leases.filter((_, index) => answers[index])
}

async function findByProcess(
  missing: Missing,
  platform: NodeJS.Platform,
): Promise<MovedServer | undefined> {
  const { port, others, known, started } = missing
  if (!known && started.length === 0) return undefined
  const ports = [...(await listeningPorts({ platform }))].filter(
    (one) => one !== port && !others.has(one),
  )
  const owners = [
    ...(await findPortOwners(ports, { platform, timeoutMs: OWNERS_TIMEOUT_MS })).values(),
  ]
    .map(([owner]) => owner)
    .filter((owner) => owner !== undefined)
  const own = await ownProcesses(missing, platform)
  const proofs = [
    (owner: PortOwner) => owner.pid !== undefined && own.has(owner.pid),
    (owner: PortOwner) => known !== undefined && isSameProgram(owner, known, missing),
  ]
  for (const proves of proofs) {
    const [only, ...more] = owners.filter(
      (owner) => owner.pid !== process.pid && proves(owner) && !isBeside(owner.port, known),
    )
    if (more.length > 0) return undefined
    if (only) return { port: only.port, pid: only.pid, command: only.command }
  }
  return undefined
}

/** What was started for the service, and its last server, with all their children. */
async function ownProcesses(
  { known, started }: Missing,
  platform: NodeJS.Platform,
): Promise<Set<number>> {
  const own = new Set<number>()
  const add = (rows: readonly ProcessRow[]): void => rows.forEach(({ pid }) => own.add(pid))
  for (const { pid, mark } of started) {
    add(treeOf(pid, await listerFor(platform)(mark), process.pid))
  }
  if (known && isSameProcess(known.mark)) {
    // Nobody marked it: only its children count.
    add(treeOf(known.mark.pid, await listerFor(platform)('\0'), process.pid))
  }
  return own
}

/** The command of the last server again, in the same directory of this checkout. */
function isSameProgram(owner: PortOwner, known: KnownServer, missing: Missing): boolean {
  if (!known.command || !known.cwd || owner.pid === undefined || !owner.startedAt) return false
  const same = (one: Pick<KnownServer, 'command' | 'cwd'>): boolean =>
    owner.command === one.command && owner.cwd === one.cwd
  return (
    same(known) &&
    // Two services with one command can't be told apart by it.
    !missing.strangers.some(same) &&
    findCheckout(known.cwd).dir === missing.checkout &&
    !isSameProcess(known.mark) &&
    owner.startedAt >= (known.startedAt ?? '')
  )
}

function isBeside(port: number, known: KnownServer | undefined): boolean {
  return (known?.otherPorts.has(port) ?? false) || port === INSPECTOR_PORT
}

/**
 * What is worth keeping of a server while it is on its port.
 *
 * @param owner As found on `port`; with a pid.
 */
export async function describeServer(
  owner: PortOwner,
  mark: ProcessMark,
  platform: NodeJS.Platform,
): Promise<KnownServer> {
  const ports = [...(await listeningPorts({ platform }))].filter((port) => port !== owner.port)
  const owners = await findPortOwners(ports, { platform, timeoutMs: OWNERS_TIMEOUT_MS })
  const otherPorts = [...owners].flatMap(([port, list]) =>
    list.some(({ pid }) => pid === owner.pid) ? [port] : [],
  )
  const { command, cwd, startedAt } = owner
  return { mark, command, cwd, startedAt, otherPorts: new Set(otherPorts) }
}

import type { LeaseAnswer } from '../lease/answer.ts'
import { askLease } from '../lease/ask.ts'
import { leaseName, type LeasePlace } from '../lease/names.ts'
import type { PortOwner } from '../net/owners/index.ts'
import type { PortHolder } from '../types.ts'
import { findCheckout } from '../utils/checkout.ts'
import { shortenCommand } from '../utils/shorten-command.ts'
import { stateDirectory } from '../utils/state-dir.ts'
import { stripControls } from '../utils/strip-controls.ts'

export type { LeasePlace } from '../lease/names.ts'

/** Searching the processes is given up after this, in milliseconds; what is known by then counts. */
const OWNERS_TIMEOUT_MS = 1500

/** The lease place of a process with this environment. */
export function leasePlace(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): LeasePlace {
  return { platform, stateDir: stateDirectory(env, platform) }
}

/**
 * Who is on each of `ports`: its lease's answer and, where it may look, what the operating system
 * says of the listening process. A port that nobody leases or listens on is absent.
 *
 * Takes tens of milliseconds where processes must be searched; ask only when somebody will read it.
 */
export async function whoHolds(
  ports: readonly number[],
  place: LeasePlace,
): Promise<Map<number, PortHolder>> {
  const holders = new Map<number, PortHolder>()
  if (ports.length === 0) return holders
  const { findPortOwners } = await import('../net/owners/index.ts')
  const [owners, leases] = await Promise.all([
    findPortOwners(ports, { timeoutMs: OWNERS_TIMEOUT_MS }),
    askLeases(ports, place),
  ])
  for (const port of ports) {
    const lease = leases.get(port)
    const owner = owners.get(port)?.[0]
    if (lease) holders.set(port, leaseHolder(lease, owner))
    else if (owner) holders.set(port, systemHolder(port, owner))
  }
  return holders
}

/** Like {@link whoHolds}, without looking beyond the leases, which takes no searching. */
export async function whoLeases(
  ports: readonly number[],
  place: LeasePlace,
): Promise<Map<number, PortHolder>> {
  const leases = await askLeases(ports, place)
  return new Map([...leases].map(([port, lease]) => [port, leaseHolder(lease, undefined)]))
}

/** The leases of `ports` as their owners tell them; a port that nobody leases is absent. */
export async function askLeases(
  ports: readonly number[],
  place: LeasePlace,
): Promise<Map<number, LeaseAnswer>> {
  const found = new Map<number, LeaseAnswer>()
  await Promise.all(
    ports.map(async (port) => {
      const answer = await askLease(port, leaseName(port, place.platform, place.stateDir))
      if (answer) found.set(port, answer)
    }),
  )
  return found
}

type SystemFacts = Pick<PortHolder, 'pid' | 'command' | 'cwd'>

/** What another program calls itself, made safe to print. */
function systemFacts({ pid, command, cwd }: PortOwner): SystemFacts {
  return {
    ...(pid !== undefined && { pid }),
    ...(command && { command: shortenCommand(command) }),
    ...(cwd && { cwd: stripControls(cwd) }),
  }
}

/** The holder that a listening process is. */
export function systemHolder(port: number, owner: PortOwner): PortHolder {
  const facts = systemFacts(owner)
  return { port, via: 'system', ...facts, ...(facts.cwd && checkoutOf(facts.cwd)) }
}

/** The holder that a lease tells of, with what the system says of its listening process. */
export function leaseHolder(lease: LeaseAnswer, listening?: PortOwner): PortHolder {
  const { v: _, runs: _r, ...facts } = lease
  const owner = listening && systemFacts(listening)
  // A server that somebody else started is not the process that holds the lease.
  const other = lease.state === 'leased' && owner?.pid !== undefined && owner.pid !== lease.pid
  return { ...facts, via: 'lease', ...(other ? owner : owner?.cwd && { cwd: owner.cwd }) }
}

function checkoutOf(cwd: string): Pick<PortHolder, 'checkout' | 'branch'> {
  const checkout = findCheckout(cwd)
  // A process that sits in `/` or a home directory belongs to no project.
  if (checkout.kind === 'directory') return {}
  return { checkout: checkout.dir, ...(checkout.branch && { branch: checkout.branch }) }
}

import type { LeaseAnswer } from '../lease/answer.ts'
import { askLease } from '../lease/ask.ts'
import { leaseName, type LeasePlace } from '../lease/names.ts'
import { type Endpoint, endpointParts } from '../net/endpoint.ts'
import { findOwners } from '../net/find-owners.ts'
import type { PortOwner } from '../net/owners/index.ts'
import type { PortHolder } from '../types.ts'
import { findCheckout } from '../utils/checkout.ts'
import { shortenCommand } from '../utils/shorten-command.ts'
import { stateDirectory } from '../utils/state-dir.ts'
import { stripControls } from '../utils/strip-controls.ts'

export type { LeasePlace } from '../lease/names.ts'

/**
 * Searching the processes is given up after this, in milliseconds; what is known by then counts. It
 * takes tens of them, but a bundler that compiles in this process may hold it up for seconds.
 */
export const OWNERS_TIMEOUT_MS = 5000

/** The lease place of a process with this environment. */
export function leasePlace(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): LeasePlace {
  return {
    platform,
    stateDir: stateDirectory(env, platform),
    runtimeDir: env.XDG_RUNTIME_DIR,
    // Windows spells it "Path".
    searchPath: env.PATH ?? env.Path,
  }
}

/**
 * Who is on each of `endpoints` (a number is a TCP port): its lease's answer and, where it may look, what the operating system
 * says of the listening process. One that nobody leases or listens on is absent.
 *
 * Takes tens of milliseconds where processes must be searched; ask only when somebody will read it.
 */
export async function whoHolds<E extends Endpoint>(
  endpoints: readonly E[],
  place: LeasePlace,
): Promise<Map<E, PortHolder>> {
  const holders = new Map<E, PortHolder>()
  if (endpoints.length === 0) return holders
  const [owners, leases] = await Promise.all([
    findOwners(endpoints, { timeoutMs: OWNERS_TIMEOUT_MS }),
    askLeases(endpoints, place),
  ])
  for (const endpoint of endpoints) {
    const lease = leases.get(endpoint)
    const owner = owners.get(endpoint)?.[0]
    if (lease) holders.set(endpoint, leaseHolder(lease, owner))
    else if (owner) holders.set(endpoint, systemHolder(endpoint, owner))
  }
  return holders
}

/** Like {@link whoHolds}, without looking beyond the leases, which takes no searching. */
export async function whoLeases<E extends Endpoint>(
  endpoints: readonly E[],
  place: LeasePlace,
): Promise<Map<E, PortHolder>> {
  const leases = await askLeases(endpoints, place)
  return new Map([...leases].map(([endpoint, lease]) => [endpoint, leaseHolder(lease, undefined)]))
}

/** The leases of `endpoints` as their owners tell them; what nobody leases is absent. */
export async function askLeases<E extends Endpoint>(
  endpoints: readonly E[],
  place: LeasePlace,
): Promise<Map<E, LeaseAnswer>> {
  const found = new Map<E, LeaseAnswer>()
  await Promise.all(
    endpoints.map(async (endpoint) => {
      const name = leaseName(endpoint, place.platform, place.stateDir)
      const answer = await askLease(endpoint, name)
      if (answer) found.set(endpoint, answer)
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
export function systemHolder(endpoint: Endpoint, owner: PortOwner): PortHolder {
  const facts = systemFacts(owner)
  const at = endpointParts(endpoint)
  return { ...at, via: 'system', ...facts, ...(facts.cwd && checkoutOf(facts.cwd)) }
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

import type { LeaseAnswer } from '../lease/answer.ts'
import type { PortOwner } from '../net/owners/index.ts'
import type { PortHolder } from '../types.ts'
import { findCheckout } from '../utils/checkout.ts'
import {
  askLeases,
  type LeasePlace,
  leaseHolder,
  OWNERS_TIMEOUT_MS,
  systemHolder,
} from './who-holds.ts'
import type { Verdict } from './whose.ts'

/** Who stands on a port, and whether it is this checkout's service. */
export interface Listener {
  /** `'nobody'`: no listener that the operating system shows. */
  readonly verdict: Verdict | 'nobody'
  readonly holder?: PortHolder
  /** What the system says of its process, as it says it. */
  readonly owner?: PortOwner
  /** Passes connections on to somebody else (a container, a tunnel), so it tells nothing of them. */
  readonly relay: boolean
}

/** Programs that listen on behalf of a container, a virtual machine or another computer. */
const RELAYS =
  /^(?:docker-proxy|com\.docker\.\S*|docker|dockerd|containerd\S*|podman|conmon|rootlessport|rootlesskit|slirp4netns|pasta\S*|vpnkit\S*|gvproxy|limactl|colima|orbstack\S*|wslrelay|wslhost|ssh|sshd|autossh|kubectl|cloudflared|ngrok|socat|qemu\S*)$/i

/**
 * Finds out who listens on `port` and whose that is: the process's working directory tells, else
 * the lease of the session that holds the socket.
 *
 * Takes tens of milliseconds where processes must be searched.
 *
 * @param checkout The asking session's.
 */
export async function identifyListener(
  port: number,
  checkout: string,
  place: LeasePlace,
): Promise<Listener> {
  const { findPortOwners } = await import('../net/owners/index.ts')
  const [leases, owners] = await Promise.all([
    askLeases([port], place),
    findPortOwners([port], { timeoutMs: OWNERS_TIMEOUT_MS }).then((found) => found.get(port) ?? []),
  ])
  const [first] = owners
  if (!first) return { verdict: 'nobody', relay: false }
  const relay = owners.some(isRelay)
  const lease = leases.get(port)
  const holder = holderOf(port, first, lease)
  if (relay) return { verdict: 'unknown', holder, owner: first, relay }
  return { verdict: judge(owners, lease, checkout), holder, owner: first, relay }
}

function judge(
  owners: readonly PortOwner[],
  lease: LeaseAnswer | undefined,
  checkout: string,
): Verdict {
  if (owners.some((owner) => owner.pid === process.pid)) return 'ours'
  const places = owners.flatMap((owner) => (owner.cwd ? [findCheckout(owner.cwd)] : []))
  if (places.some((place) => place.dir === checkout)) return 'ours'
  // The server of a lease that is only waiting for one may be anybody's.
  if (lease?.state === 'held') return lease.checkout === checkout ? 'ours' : 'foreign'
  return places.some((place) => place.kind !== 'directory') ? 'foreign' : 'unknown'
}

function holderOf(port: number, owner: PortOwner, lease: LeaseAnswer | undefined): PortHolder {
  return lease?.state === 'held' && lease.pid === owner.pid
    ? leaseHolder(lease)
    : systemHolder(port, owner)
}

function isRelay({ pid, command }: PortOwner): boolean {
  // Another user's process is mostly a container's proxy, which runs as root.
  if (pid === undefined) return true
  const program = command?.match(/^"([^"]+)"|^(\S+)/)
  const name = (program?.[1] ?? program?.[2] ?? '').split(/[\\/]/).at(-1) ?? ''
  return RELAYS.test(name.replace(/\.exe$/i, ''))
}

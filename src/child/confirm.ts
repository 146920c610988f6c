import { setTimeout as wait } from 'node:timers/promises'
import { findOwners } from '../net/find-owners.ts'
import type { PortOwner } from '../net/owners/index.ts'
import { processTree, type TreeRoot } from './tree/index.ts'

/** Who listens on a port that was let go for a program. */
export type Listener =
  /** One of its processes, or one that can't be looked at and so may stand for it. */
  | { readonly who: 'program'; readonly pid?: number }
  | { readonly who: 'stranger'; readonly owner: PortOwner }
  | { readonly who: 'nobody' }

/** Processes that listen in a container's name. */
const PROXIES =
  /docker-proxy|com\.docker|rootlesskit|slirp4netns|podman|containerd|vpnkit|wslrelay/i

const FIRST_WAIT_MS = 40
const MAX_WAIT_MS = 1000

/** Asks the system who listens on `port`. */
export async function whoListens(
  port: number,
  program: TreeRoot,
  platform: NodeJS.Platform,
): Promise<Listener> {
  const found = (await findOwners([port])).get(port) ?? []
  // A socket that is held here is nobody's server yet.
  const owners = found.filter((owner) => owner.pid !== process.pid)
  if (owners.length === 0) return { who: 'nobody' }
  const tree = new Set((await processTree(program, platform)).map((row) => row.pid))
  const own = owners.find((owner) => owner.pid !== undefined && tree.has(owner.pid))
  if (own?.pid !== undefined) return { who: 'program', pid: own.pid }
  const stranger = owners.find(
    (owner) => owner.pid !== undefined && !PROXIES.test(owner.command ?? ''),
  )
  return stranger ? { who: 'stranger', owner: stranger } : { who: 'program' }
}

/**
 * Waits until somebody listens on `port`, asking at growing intervals of 40 to 1000 ms.
 *
 * @returns `nobody` when `signal` is aborted first.
 */
export async function firstListener(
  port: number,
  program: TreeRoot,
  platform: NodeJS.Platform,
  signal: AbortSignal,
): Promise<Listener> {
  for (let pauseMs = FIRST_WAIT_MS; !signal.aborted;) {
    const listener = await whoListens(port, program, platform)
    if (listener.who !== 'nobody') return listener
    await wait(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    pauseMs = Math.min(pauseMs * 1.5, MAX_WAIT_MS)
  }
  return { who: 'nobody' }
}

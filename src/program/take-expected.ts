import type { LeaseAnswer } from '../lease/answer.ts'
import { askLease } from '../lease/ask.ts'
import { leasedPorts } from '../lease/list.ts'
import { leaseName } from '../lease/names.ts'
import { isInRange } from '../options/ranges.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { SessionWorld } from '../session/world.ts'
import { realRoot } from '../utils/real-root.ts'

/**
 * Where a plugin or another process of this root keeps a port free for a server to come, that server
 * is here now: its lease is taken over, and the service has that port before any other. Only ports
 * that the service's own options allow are looked at. What is held by another process stays its own.
 *
 * @returns The options by which the services are to be reserved.
 */
export async function takeExpected(
  resolved: ResolvedOptions,
  world: SessionWorld,
): Promise<ResolvedOptions> {
  const leased = leasedPorts(world.place)
  if (leased.size === 0) return resolved
  const root = realRoot(world.cwd, resolved.root)
  const services = await Promise.all(
    resolved.services.map(async (service) => {
      const lease = await expectedOf(service, root, leased, world)
      if (!lease) return service
      const { orderOwner } = await import('../machine/give-orders.ts')
      const outcome = await orderOwner(lease, 'yield', world.place)
      if (outcome === 'unreachable' || !outcome.ok) return service
      return { ...service, preferred: [...new Set([lease.port, ...service.preferred])] }
    }),
  )
  return { ...resolved, services }
}

async function expectedOf(
  service: ResolvedService,
  root: string,
  leased: ReadonlySet<number>,
  { place, pid }: SessionWorld,
): Promise<LeaseAnswer | undefined> {
  const { name, kind, protocol, preferred, range } = service
  if (kind !== 'external' || protocol !== 'tcp' || service.instance) return undefined
  const ports = [...leased].filter((port) => preferred.includes(port) || isInRange(port, range))
  const answers = await Promise.all(
    ports.map((port) => askLease(port, leaseName(port, place.platform, place.stateDir))),
  )
  return answers.find(
    (lease) =>
      lease?.service === name &&
      lease.state === 'leased' &&
      lease.root === root &&
      lease.pid !== pid,
  )
}

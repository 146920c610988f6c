import type { ProxyHop, Refusal } from '../../bundlers/adapter.ts'
import type { DnsCache } from '../../net/dns/dns-cache.ts'
import { srvOrder } from '../../net/dns/srv.ts'
import type { ResolvedHealth } from '../../options/health.ts'
import { accepts } from '../../net/accepting.ts'
import { urlHostname } from '../../net/addresses.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import { probeService } from '../health/watch-services.ts'
import type { ServiceRoute } from './service-route.ts'
import { probeRemote } from './probe-remote.ts'
import { remoteOf, targetOf, upstreamName } from './target.ts'

/** A server that may answer requests for a service. */
export interface Member {
  /** For people and for the answer's header. */
  readonly name: string
  /** Why it can't serve; `undefined` when it can. Never rejects. */
  probe(): Promise<string | undefined>
  /** Whether it takes connections at this moment, where that can be asked within the machine; else nothing is asked. */
  confirm?(): Promise<boolean>
  /** Where a request goes; after a probe that went well. */
  hop(): ProxyHop
  /** A request got no answer. */
  failed(): void
  /** Why nothing may be sent there. */
  refusal?(): Refusal | undefined
}

/** What local servers are asked with. */
export interface LocalServer {
  readonly name: string
  readonly health: ResolvedHealth | undefined
  readonly route: ServiceRoute
  reservation(): PortReservation | undefined
}

/** An instance of the service on this machine, asked as its health is. */
export function localMember({ name, health, route, reservation }: LocalServer): Member {
  const portOf = (): number | undefined => route.movedTo ?? reservation()?.port
  const connects = async (): Promise<boolean> => {
    const [port, its] = [portOf(), reservation()]
    if (port === undefined || !its) return false
    return accepts(port, urlHostname(its.bound).replace(/^\[(.*)\]$/, '$1'))
  }
  return {
    name,
    async probe() {
      const its = reservation()
      if (!its) return 'it has no port'
      // Its program may listen elsewhere, which the next probe knows.
      const settled = route.settle()
      if (its.state === 'held' && route.movedTo === undefined) return 'its server has not started'
      await settled
      const refusal = route.refusal()
      if (refusal?.reason === 'foreign') return `port ${its.port} is served by ${refusal.who}`
      if (refusal) return 'its process has ended'
      if (!health) return (await connects()) ? undefined : `nobody listens on port ${portOf()}`
      const outcome = await probeService(its, health, route.movedTo)
      if (outcome.ok) return undefined
      return 'reason' in outcome ? outcome.reason : `served by ${outcome.who}`
    },
    confirm: connects,
    hop: () => ({ ...route.next(), name }),
    failed: () => route.failed(),
    refusal: () => route.refusal(),
  }
}

/** What servers elsewhere are asked with. */
export interface RemoteContext {
  readonly dns: DnsCache
  readonly health: ResolvedHealth | undefined
  /** Certificates are checked. */
  readonly secure: boolean
}

/** A server at a URL. Its name is looked up again as soon as DNS says that the answer is old. */
export function remoteMember(url: URL, { dns, health, secure }: RemoteContext): Member {
  const remote = remoteOf(url)
  const name = upstreamName(url)
  let addresses: readonly string[] = []
  let next = 0
  const look = async (): Promise<void> => {
    const found = await dns.addresses(url.hostname)
    if (found.join() !== addresses.join()) next = 0
    addresses = found
  }
  const hop = (): ProxyHop => {
    const address = addresses[next % addresses.length]
    return { target: targetOf(url, address), name, remote }
  }
  return {
    name,
    async probe() {
      try {
        await look()
      } catch (error) {
        return `its name does not resolve (${(error as NodeJS.ErrnoException).code ?? 'error'})`
      }
      // One address after the other, as a browser does.
      for (let tries = 0; ;) {
        const reason = await probeRemote(hop(), { health, secure })
        if (reason === undefined || ++tries >= addresses.length) return reason
        next++
      }
    },
    hop,
    failed: () => next++,
  }
}

/** The servers that SRV records name, in the order of RFC 2782. */
export function srvMember(
  record: { readonly name: string; readonly secure: boolean },
  context: RemoteContext,
  random: () => number = Math.random,
): Member {
  const scheme = record.secure ? 'https' : 'http'
  const servers = new Map<string, Member>()
  let up: { readonly member: Member; readonly priority: number; readonly weight: number }[] = []
  let last: Member | undefined
  return {
    name: `srv:${record.name}`,
    async probe() {
      let records
      try {
        records = await context.dns.servers(record.name)
      } catch (error) {
        return `it has no SRV records (${(error as NodeJS.ErrnoException).code ?? 'error'})`
      }
      const asked = await Promise.all(
        records.map(async ({ name, port, priority, weight }) => {
          const url = `${scheme}://${name.replace(/\.$/, '')}:${port}`
          const member = servers.get(url) ?? remoteMember(new URL(url), context)
          servers.set(url, member)
          return { member, priority, weight, reason: await member.probe() }
        }),
      )
      up = asked.filter(({ reason }) => reason === undefined)
      if (up.length > 0) return undefined
      return asked[0]?.reason ?? 'DNS says that there is no such service'
    },
    hop() {
      const [first] = srvOrder(
        up.map(({ member, priority, weight }) => ({ name: '', port: 0, priority, weight, member })),
        random,
      )
      last = first?.member ?? last
      if (!last) throw new Error('a member is asked for a hop only after a probe that went well')
      return last.hop()
    },
    failed: () => last?.failed(),
  }
}

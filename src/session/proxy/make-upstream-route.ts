import { createDnsCache, type DnsCache } from '../../net/dns/dns-cache.ts'
import type { ResolvedService, ResolvedUpstream } from '../../options/resolved.ts'
import { type LocalServer, localMember, remoteMember, srvMember } from './members.ts'
import { type MemberGroup, UpstreamRoute } from './upstream-route.ts'

/** What the route to several places is made of. */
export interface UpstreamParts {
  /** The service's instances, in order. */
  readonly locals: readonly LocalServer[]
  readonly now: () => number
  say(line: string): void
  /** Default: a new one that asks with `node:dns`. */
  readonly dns?: DnsCache
}

/** The route to a service with `upstreams`, `count` or both. */
export function makeUpstreamRoute(service: ResolvedService, parts: UpstreamParts): UpstreamRoute {
  const { locals, now, say, dns = createDnsCache() } = parts
  const { name, upstreams, balance, weights, health, proxy } = service
  const secure = !proxy.some(({ options }) => options.secure === false)
  const context = { dns, health, secure }
  const groupOf = (upstream: ResolvedUpstream): MemberGroup => {
    switch (upstream.kind) {
      case 'service':
        return { name, members: locals.map(localMember) }
      case 'url': {
        const member = remoteMember(new URL(upstream.url), context)
        return { name: member.name, members: [member] }
      }
      case 'srv': {
        const member = srvMember(upstream, context)
        return { name: member.name, members: [member] }
      }
    }
  }
  return new UpstreamRoute({
    service: name,
    groups: upstreams.map(groupOf),
    balancer: { balance, weights, random: Math.random },
    now,
    say,
  })
}

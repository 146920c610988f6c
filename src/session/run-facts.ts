import type { RunRequest, StartHint } from '../bundlers/adapter.ts'
import type { EndpointParts } from '../net/endpoint.ts'
import type { ResolvedService } from '../options/resolved.ts'
import type { PublishedService } from '../output/variables.ts'
import type { SummaryRow } from '../output/summary.ts'
import type { Wish } from '../plan/plan.ts'
import type { SessionUse } from '../reservation/session.ts'
import { groupReason } from '../reservation/unavailable.ts'
import type { EnvFiles } from './env-files.ts'
import { type PublicUrl, publicUrl } from './public-url.ts'
import { scriptFor } from './start-hint.ts'

/** What a run is made of; after an edit of the config another one. */
export interface RunFacts {
  /** What the host asked for, as far as it could be followed. */
  readonly request: RunRequest
  /** What it has reserved. */
  readonly use: SessionUse
  /** Typed ports, by service. */
  readonly wishes: Readonly<Record<string, readonly Wish[]>>
  readonly files: EnvFiles
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Where a service is. */
export interface ServiceAddress extends EndpointParts {
  readonly url: string
}

/** Every service that has a port or a path, shared ones too. */
export function addressesOf(facts: RunFacts): Record<string, ServiceAddress> {
  const { request, use } = facts
  const found: Record<string, ServiceAddress> = {}
  const add = (service: string, owner: string): void => {
    const reservation = use.reservations.get(owner)
    if (!reservation) return
    const { port, protocol, path } = reservation
    const url = publicUrlOf(owner, facts)?.url ?? reservation.url
    const own = service === 'hmr' ? url.replace('http', 'ws') : url
    found[service] = { port, protocol, path, url: own }
  }
  for (const { service } of request.services) add(service.name, service.name)
  for (const [service, owner] of Object.entries(request.shared)) add(service, owner)
  return found
}

/** Whoever chose the bundler's port by `PORT` may have put a proxy before it. */
function publicUrlOf(service: string, { use, wishes, env }: RunFacts): PublicUrl | undefined {
  const port = use.reservations.get(service)?.port
  const wish = wishes[service]?.find((wish) => wish.port === port)
  return wish?.from === 'PORT' && service === 'dev' ? publicUrl(env) : undefined
}

/** What goes into the env block. */
export function publishedServices(facts: RunFacts): PublishedService[] {
  const { options, services, shared } = facts.request
  const addresses = addressesOf(facts)
  const named = [
    ...services.map(({ service }) => service),
    ...options.services.filter((service) => service.name in shared),
  ]
  return named.flatMap((service) => {
    const address = addresses[service.name]
    return address ? [{ service: service.name, env: service.env, ...address }] : []
  })
}

/** How somebody gets a service's server going. */
export function startHintOf(service: string, facts: RunFacts): StartHint {
  const reservation = facts.use.reservations.get(service)
  return {
    service,
    port: reservation?.port ?? 0,
    variable: variableOf(service, facts),
    envFile: facts.files.blockName,
    command: scriptFor(service, facts.request.root),
    description: reservation?.description,
    process: facts.use.session.processes?.all().find((one) => one.service === service),
  }
}

/** The table of the summary, in the order of the options. */
export function summaryRows(facts: RunFacts): SummaryRow[] {
  const { use, wishes } = facts
  const { services, shared, options } = facts.request
  const rows = services.map(({ service }): SummaryRow => {
    const allocation = use.reservations.get(service.name)
    const failed = use.missing.find((problem) => problem.service === service.name)
    return {
      service: service.name,
      link: service.kind === 'dev' || service.kind === 'preview',
      variable: variableOf(service.name, facts),
      from: wishes[service.name]?.find((wish) => wish.port === allocation?.port)?.from,
      ...(allocation && { allocation }),
      before: publicUrlOf(service.name, facts),
      starts: service.kind === 'external' && service.process !== undefined,
      ...(failed && { failed: failed.attempts }),
      ...(failed?.group && { without: groupReason(failed.group) }),
    }
  })
  const sharing = Object.entries(shared).map(([service, owner]): SummaryRow => ({
    service,
    sharedWith: owner,
    link: false,
  }))
  const order = options.services.map((service) => service.name)
  return [...rows, ...sharing].toSorted(
    (a, b) => order.indexOf(a.service) - order.indexOf(b.service),
  )
}

/** The variable that carries a service's port; `undefined` when none does. */
export function variableOf(service: string, { request }: RunFacts): string | undefined {
  return request.options.services.find(({ name }) => name === service)?.env.port[0]
}

/** A reserved service as the options are now. */
export function serviceOf(name: string, { request }: RunFacts): ResolvedService | undefined {
  return request.services.find(({ service }) => service.name === name)?.service
}

import type { ProxyRoute, StartHint } from '../../bundlers/adapter.ts'
import type { ResolvedService } from '../../options/resolved.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { LeasePlace } from '../../reservation/who-holds.ts'
import type { ProcessState } from '../../types.ts'
import { createProxyGuard, type ServiceGuard } from './guard.ts'
import { LazyRoute } from './lazy-route.ts'
import { type RoutedService, type ServerSearch, ServiceRoute } from './service-route.ts'
import type { UpstreamRoute } from './upstream-route.ts'

/** What routes need of their run. */
export interface RoutedRun {
  readonly root: string
  readonly checkout: string
  readonly place: LeasePlace
  /** As they are now; they change with edits of the config. */
  services(): readonly ResolvedService[]
  reservation(service: string): PortReservation | undefined
  /** Every port that this session has reserved. */
  ports(): readonly number[]
  /** Programs that were started for a service. */
  started(service: string): readonly { readonly pid: number; readonly mark: string }[]
  /** Of the process that the session runs for a service; `undefined` without one. */
  processState(service: string): ProcessState | undefined
  startHint(service: string): StartHint
  warn(warnings: readonly string[]): void
  say(line: string): void
}

/** The guards and routes of one run's services, made when somebody asks for them. */
export class ProxyRoutes {
  readonly #run: RoutedRun
  readonly #guards = new Map<string, ServiceGuard>()
  readonly #own = new Map<string, ServiceRoute>()
  readonly #routes = new Map<string, ProxyRoute>()
  /** By name. */
  #services: ReadonlyMap<string, ResolvedService> | undefined

  constructor(run: RoutedRun) {
    this.#run = run
  }

  /** Who stands on a service's port. */
  guard(name: string): ServiceGuard {
    return this.#guards.get(name) ?? this.#makeGuard(name)
  }

  /** Where requests for a service go. */
  route(name: string): ProxyRoute {
    let route = this.#routes.get(name)
    if (!route) {
      route = this.#makeRoute(name)
      this.#routes.set(name, route)
    }
    return route
  }

  /** Port on which a service's server was found instead of its own. */
  movedTo(name: string): number | undefined {
    return this.#own.get(name)?.movedTo
  }

  /** Where requests go, for people, when that is not simply the service's own port. */
  servedBy(name: string): string | undefined {
    const route = this.#routes.get(name)
    if (route instanceof LazyRoute) return route.loaded?.servedBy
    const port = this.movedTo(name)
    return port === undefined ? undefined : `port ${port}`
  }

  /** The places that were asked for a service in vain. */
  failures(name: string): { readonly name: string; readonly reason: string }[] {
    const route = this.#routes.get(name)
    return route instanceof LazyRoute ? (route.loaded?.failures ?? []) : []
  }

  /** The options have changed: everything is found out anew. */
  forget(): void {
    this.#guards.clear()
    this.#own.clear()
    this.#routes.clear()
    this.#services = undefined
  }

  #service(name: string): ResolvedService | undefined {
    this.#services ??= new Map(this.#run.services().map((service) => [service.name, service]))
    return this.#services.get(name)
  }

  #makeGuard(name: string): ServiceGuard {
    const service = this.#service(name)
    if (!service) return UNGUARDED
    const guard = createProxyGuard(name, {
      ...this.#run,
      service: (each) => this.#service(each),
      seen: (listener) => {
        // What nobody forwards to is not followed.
        if (service.proxy.length > 0 || service.instance) this.#ownRoute(name).seen(listener)
      },
    })
    this.#guards.set(name, guard)
    return guard
  }

  #makeRoute(name: string): ProxyRoute {
    const service = this.#service(name)
    if (!service) return this.#ownRoute(name)
    const [first, ...more] = service.upstreams
    const isPlain = first?.kind === 'service' && more.length === 0 && !service.instance
    return isPlain ? this.#ownRoute(name) : new LazyRoute(() => this.#upstreamRoute(service))
  }

  async #upstreamRoute(service: ResolvedService): Promise<UpstreamRoute> {
    const { makeUpstreamRoute } = await import('./make-upstream-route.ts')
    const instances = this.#run
      .services()
      .filter(({ name, instance }) => name === service.name || instance?.of === service.name)
    return makeUpstreamRoute(service, {
      now,
      say: (line) => this.#run.say(line),
      locals: instances.map(({ name, health }) => ({
        name,
        health,
        route: this.#ownRoute(name),
        reservation: () => this.#run.reservation(name),
      })),
    })
  }

  #ownRoute(name: string): ServiceRoute {
    let route = this.#own.get(name)
    if (!route) {
      route = new ServiceRoute(this.#routed(name))
      this.#own.set(name, route)
    }
    return route
  }

  #routed(name: string): RoutedService {
    const run = this.#run
    return {
      name,
      guard: this.guard(name),
      reservation: () => run.reservation(name),
      program: () => expectationOf(this.#service(name), run.processState(name)),
      search: () => this.#search(name),
      say: (line) => run.say(line),
      now,
    }
  }

  async #search(name: string): Promise<ServerSearch> {
    const [{ describeServer, findMovedServer }, { shortenCommand }] = await Promise.all([
      import('./moved-server.ts'),
      import('../../utils/shorten-command.ts'),
    ])
    const { root, checkout, place } = this.#run
    return {
      async describe({ owner }, mark) {
        return owner && describeServer(owner, mark, place.platform)
      },
      find: (known, left) => {
        const port = this.#run.reservation(name)?.port ?? 0
        return findMovedServer(
          {
            service: name,
            root,
            checkout,
            port,
            others: new Set([...left, ...this.#run.ports().filter((other) => other !== port)]),
            known,
            started: this.#run.started(name),
            strangers: [...this.#own].flatMap(([other, route]) =>
              other === name || !route.known ? [] : [route.known],
            ),
          },
          place,
        )
      },
      show: (command) => (command ? shortenCommand(command) : 'another program'),
    }
  }
}

function expectationOf(
  service: ResolvedService | undefined,
  state: ProcessState | undefined,
): 'coming' | 'ended' | undefined {
  if (!service?.process || state === 'elsewhere') return undefined
  return state === 'failed' || state === 'stopped' ? 'ended' : 'coming'
}

const now = performance.now.bind(performance)

/** For a service that this run doesn't have. */
const UNGUARDED: ServiceGuard = {
  settle: () => undefined,
  listener: () => undefined,
  refused: () => {},
  refusal: () => undefined,
  stranger: () => Promise.resolve(undefined),
}

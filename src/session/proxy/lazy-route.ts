import type { ProxyHop, ProxyRoute, Refusal } from '../../bundlers/adapter.ts'
import type { UpstreamRoute } from './upstream-route.ts'

/** A route that is made when the first request comes. */
export class LazyRoute implements ProxyRoute {
  readonly #load: () => Promise<UpstreamRoute>
  #route: UpstreamRoute | undefined
  #loading: Promise<UpstreamRoute> | undefined

  /** @param load Called once. */
  constructor(load: () => Promise<UpstreamRoute>) {
    this.#load = load
  }

  /** The route; `undefined` before the first request. */
  get loaded(): UpstreamRoute | undefined {
    return this.#route
  }

  settle(): Promise<void> | undefined {
    if (this.#route) return this.#route.settle()
    this.#loading ??= this.#load()
    return this.#loading.then((route) => {
      this.#route = route
      return route.settle()
    })
  }

  refusal(): Refusal | undefined {
    return this.#route?.refusal()
  }

  next(): ProxyHop {
    if (!this.#route) throw new Error('a route is asked for a hop only after it has settled')
    return this.#route.next()
  }

  failed(hop: ProxyHop | undefined, error: unknown): void {
    this.#route?.failed(hop, error)
  }
}

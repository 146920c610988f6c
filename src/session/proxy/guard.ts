import type { ProxyGuard, StartHint } from '../../bundlers/adapter.ts'
import { foreignServerLine } from '../../bundlers/proxy-answer.ts'
import type { ResolvedService } from '../../options/resolved.ts'
import { holderText } from '../../reservation/holder-text.ts'
import { identifyListener, type Listener } from '../../reservation/listener.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { LeasePlace } from '../../reservation/who-holds.ts'
import type { PortHolder } from '../../types.ts'
import { besideLine } from '../port-lines.ts'
import { ListenerWatch } from './listener-watch.ts'

/** What a guard needs of its run. */
export interface GuardedRun {
  /** The session's checkout. */
  readonly checkout: string
  readonly place: LeasePlace
  /** The service as the options are now; `undefined` when the run has none of that name (any more). */
  service(name: string): ResolvedService | undefined
  reservation(service: string): PortReservation | undefined
  startHint(service: string): StartHint
  /** Told of whoever was found on the port. */
  seen(listener: Listener): void
  warn(warnings: readonly string[]): void
}

/** A guard that others than proxies may ask as well. */
export interface ServiceGuard extends ProxyGuard {
  /** Who listens on the service's port, as last seen; `undefined` where nobody looks. */
  listener(): Listener | undefined
  /** A request was refused there, so what is known is out of date. */
  refused(): void
  /** Who stands on the port instead of this checkout's server, for people; looked up when it isn't known. */
  stranger(): Promise<string | undefined>
}

/** See {@link ProxyGuard}. What it finds out is said once for each listener, and not at all for relays. */
export function createProxyGuard(name: string, run: GuardedRun): ServiceGuard {
  const identity = (): ResolvedService['identity'] | undefined => run.service(name)?.identity
  const watch = new ListenerWatch(
    (port) => identifyListener(port, run.checkout, run.place),
    performance.now.bind(performance),
  )
  let told = ''
  let doubted = false
  let besideTold = ''

  /** The port that strangers could stand on; a server of this process needs no looking at. */
  const watchedPort = (): number | undefined => {
    const reservation = run.reservation(name)
    const service = run.service(name)
    if (!reservation || !service || service.identity === 'off') return undefined
    if (service.protocol !== 'tcp') return undefined
    const own = reservation.state === 'held' || reservation.state === 'serving'
    return own ? undefined : reservation.port
  }

  const tell = (port: number): void => {
    const listener = watch.listener(port)
    if (listener) run.seen(listener)
    if (listener?.verdict === 'foreign') tellForeign(port, listener)
    else told = ''
    tellBeside(port, listener?.beside)
    if (listener?.verdict !== 'unknown' || listener.relay || doubted) return
    doubted = true
    const who = describe(listener, run.checkout)
    run.warn([
      `port ${port} is served by ${who}, which works in no checkout: it can't be told whether it is this checkout's "${name}". Set services.${name}.identity to 'off' if it is.`,
    ])
  }

  const tellForeign = (port: number, listener: Listener): void => {
    const who = describe(listener, run.checkout)
    if (told === who) return
    told = who
    run.warn([
      identity() === 'refuse'
        ? foreignServerLine(run.startHint(name), who)
        : `port ${port} ("${name}") is served by ${who}, not by this checkout.`,
    ])
  }

  /** Each has one of the addresses that `localhost` may mean, so either may be reached. */
  const tellBeside = (port: number, beside: PortHolder | undefined): void => {
    const who = beside ? holderText(beside, run.checkout) : ''
    if (who && who !== besideTold) run.warn([besideLine(name, port, who)])
    besideTold = who
  }

  const settle = (): Promise<void> | undefined => {
    const port = watchedPort()
    return port === undefined ? undefined : watch.settle(port)?.then(() => tell(port))
  }

  const foreigner = (): string | undefined => {
    const port = watchedPort()
    const listener = port === undefined ? undefined : watch.listener(port)
    return listener?.verdict === 'foreign' ? describe(listener, run.checkout) : undefined
  }

  return {
    settle,
    refusal() {
      const who = identity() === 'refuse' ? foreigner() : undefined
      return who === undefined ? undefined : { reason: 'foreign', who }
    },
    refused: () => watch.refused(),
    listener() {
      const port = watchedPort()
      return port === undefined ? undefined : watch.listener(port)
    },
    async stranger() {
      await settle()
      return foreigner()
    },
  }
}

function describe({ holder }: Listener, checkout: string): string {
  return holder ? holderText(holder, checkout) : 'another program'
}

import { PortsError, PortsOptionError } from '../errors.ts'
import type { LeasePlace } from '../lease/names.ts'
import { holderText } from '../reservation/holder-text.ts'
import { registry } from '../reservation/registry.ts'
import { whoHolds } from '../reservation/who-holds.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { Holdings } from './holdings.ts'
import type { WaitTarget } from './wait-for.ts'

/** Where {@link waitTarget} looks. */
export interface LookupContext {
  readonly root: string
  readonly place: LeasePlace
  readonly holdings: Holdings
}

/**
 * Where a service or a port is to be probed.
 *
 * @param host Said by the caller; wins over the service's own.
 * @throws PortsError `PORTS_NO_SERVICE` when this process has no such service.
 */
export function waitTarget(
  target: number | string,
  host: string | undefined,
  context: LookupContext,
): WaitTarget {
  const found = findReservation(target, context)
  if (!found && typeof target === 'string') {
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `this process has no service "${target}" for ${context.root}. Allocate it first, or wait for its port.`,
    )
  }
  if (found && found.protocol !== 'tcp') {
    throw new PortsOptionError(
      `target: "${found.service}" has no TCP port that could be waited for.`,
    )
  }
  const url = found && new URL(found.url)
  const port = found?.port ?? Number(target)
  return {
    port,
    name: typeof target === 'string' ? `"${target}"` : `port ${target}`,
    hosts: addressesOf(host ?? url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? 'localhost'),
    secure: url?.protocol === 'https:',
    isHeld: () => findReservation(target, context)?.state === 'held',
    async holder() {
      const holder = (await whoHolds([port], context.place)).get(port)
      return holder && holderText(holder, findCheckout(context.root).dir)
    },
  }
}

/** A resolver may know one family of `localhost` only, and the server may be on the other. */
export function addressesOf(host: string): string[] {
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
}

/** Own ones first, then those of plugins and other instances of this process. */
function findReservation(
  what: number | string,
  { root, holdings }: LookupContext,
): PortReservation | undefined {
  const own = holdings.find(what)
  if (own) return own
  if (typeof what === 'string') {
    const { reservations = [] } = registry().sessions.get(root) ?? {}
    return [...reservations].find(({ service }) => service === what)
  }
  const { loose, sessions } = registry()
  const all = [...sessions.values()].flatMap((session) => [...session.reservations])
  return loose.get(what) ?? all.find(({ port }) => port === what)
}

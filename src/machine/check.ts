import { leasedPorts } from '../lease/list.ts'
import { machineAddresses, resolveBindAddress } from '../net/addresses.ts'
import { listeningPorts } from '../net/owners/listening.ts'
import type { Range } from '../options/resolved.ts'
import { checkAll } from '../reservation/port-checks.ts'
import { runSteps } from '../reservation/questions.ts'
import type { RejectReason } from '../types.ts'
import { type Looking, lookAt, type PortView } from './look-at.ts'

/** Why a port can't be had now; undefined for one that can. */
export type Busy = 'in-use' | 'leased' | 'denied' | 'no-address'

/** One port that was asked about. */
export interface CheckedPort {
  readonly port: number
  readonly busy: Busy | undefined
  /** Who is there; only for the first busy ones. */
  readonly view?: PortView
}

/** Holders are looked up for so many busy ports; more nobody reads. */
const MAX_VIEWS = 256

/**
 * Whether a server could have each of the ports at this moment: nobody listens on it at any address
 * that `localhost` may mean (nor on `host`), and nobody has leased it.
 *
 * @returns `undefined` when `host` is no address of this machine.
 */
export async function checkPorts(
  ranges: readonly Range[],
  host: string | undefined,
  looking: Looking,
): Promise<CheckedPort[] | undefined> {
  const bound = await resolveBindAddress(host)
  if (!bound) return undefined
  const { place } = looking
  // What is known to be busy is not bound once more: somebody might want it in that very moment.
  const [leased, listening] = [leasedPorts(place), await listeningPorts()]
  const machine = machineAddresses()
  const checked = new Map<number, Busy | undefined>()
  for (const { from, to } of ranges) {
    for (let port = from; port <= to; port++) {
      if (checked.has(port)) continue
      if (leased.has(port)) checked.set(port, 'leased')
      else if (listening.has(port)) checked.set(port, 'in-use')
      else checked.set(port, busyOf(await runSteps(checkAll({ port }, bound, { machine }), place)))
    }
  }
  const busy = [...checked].flatMap(([port, reason]) => (reason ? [port] : []))
  const views = await lookAt(busy.slice(0, MAX_VIEWS), looking)
  return [...checked].map(([port, reason]) => {
    const view = views.get(port)
    return { port, busy: reason, ...(view && { view }) }
  })
}

function busyOf(reason: RejectReason | undefined): Busy | undefined {
  if (reason === undefined || reason === 'denied' || reason === 'no-address') return reason
  return 'in-use'
}

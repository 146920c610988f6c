import { isLeased } from '../lease/lease.ts'
import { leaseName, type LeasePlace } from '../lease/names.ts'
import { type BindAddress, machineAddresses, resolveBindAddress } from '../net/addresses.ts'
import { isBlockedPort } from '../plan/blocked-ports.ts'
import { checkAll } from '../reservation/port-checks.ts'
import { runSteps } from '../reservation/questions.ts'

/** Whether a server could have `port` at this moment; false for a host that this machine does not have. */
export async function isAvailable(
  port: number,
  host: string | boolean | undefined,
  place: LeasePlace,
): Promise<boolean> {
  const bound = await resolveBindAddress(host)
  return bound !== undefined && isFree(port, bound, place)
}

/** The first available port from `from` to `to` that browsers open; `undefined` when there is none. */
export async function findAvailable(
  from: number,
  to: number,
  host: string | boolean | undefined,
  place: LeasePlace,
): Promise<number | undefined> {
  const bound = await resolveBindAddress(host)
  if (!bound) return undefined
  for (let port = from; port <= to; port++) {
    if (!isBlockedPort(port) && (await isFree(port, bound, place))) return port
  }
  return undefined
}

async function isFree(port: number, bound: BindAddress, place: LeasePlace): Promise<boolean> {
  if (isLeased(leaseName(port, place.platform, place.stateDir))) return false
  const failure = await runSteps(checkAll({ port }, bound, { machine: machineAddresses() }), place)
  return failure === undefined
}

import type { LeaseAnswer } from '../lease/answer.ts'
import { leaseName } from '../lease/names.ts'
import { machineAddresses } from '../net/addresses.ts'
import type { Checkout } from '../utils/checkout.ts'
import type { AllocationContext } from './allocate.ts'
import { findReservation } from './find-reservation.ts'
import { obeyOrder, orderDesk } from './orders.ts'
import { registry } from './registry.ts'
import type { SessionIdentity } from './session.ts'

/** What all ports of one allocation share; the leases that it takes tell of `identity`. */
export function allocationContext(
  identity: SessionIdentity,
  { dir: checkout, branch }: Checkout,
): AllocationContext {
  const { root, command, pid, place, lentPorts } = identity
  const since = new Date().toISOString()
  return {
    machine: machineAddresses(),
    checkout,
    leaseName: (port) => leaseName(port, place.platform, place.stateDir),
    describe: (service, port, state): LeaseAnswer => ({
      v: 1,
      port,
      service,
      state,
      ...(findReservation(root, port)?.state === 'serving' && { serving: true }),
      ...(registry().orders?.stop && { runs: true }),
      root,
      checkout,
      ...(branch && { branch }),
      pid,
      command,
      since,
    }),
    isLent: (port) => lentPorts?.has(port) ?? false,
    obey: (port) => {
      const desk = orderDesk(place.stateDir, pid)
      return (line) => obeyOrder(line, desk, root, port)
    },
  }
}

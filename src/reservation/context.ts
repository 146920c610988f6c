import type { LeaseAnswer } from '../lease/answer.ts'
import { leaseName } from '../lease/names.ts'
import { machineAddresses } from '../net/addresses.ts'
import { endpointOf } from '../net/endpoint.ts'
import { socketDirectory } from '../net/socket-directory.ts'
import { MAX_NAME_BYTES, socketPath, type SocketPlace } from '../plan/socket-names.ts'
import type { Checkout } from '../utils/checkout.ts'
import type { AllocationContext } from './allocate.ts'
import { findReservation } from './find-reservation.ts'
import { obeyOrder, orderDesk } from './orders.ts'
import { registry } from './registry.ts'
import type { SessionIdentity } from './session-use.ts'

/** What all ports of one allocation share; the leases that it takes tell of `identity`. */
export function allocationContext(
  identity: SessionIdentity,
  { dir: checkout, branch }: Checkout,
  chosen: AllocationContext['chosen'] = new Map(),
): AllocationContext {
  const { root, command, pid, place, lentPorts } = identity
  const since = new Date().toISOString()
  const { platform, stateDir, runtimeDir } = place
  const sockets: SocketPlace = {
    platform,
    root,
    directory: () => socketDirectory(runtimeDir, platform, MAX_NAME_BYTES),
  }
  return {
    machine: machineAddresses(),
    crowd: { busy: 0 },
    checkout,
    chosen,
    leaseName: (endpoint) => leaseName(endpoint, platform, stateDir),
    locate: ({ port, socket }, { name, protocol }) => {
      if (socket) return { port, protocol: 'unix', path: socketPath(socket, name, sockets) }
      return protocol === 'udp' ? { port, protocol } : { port }
    },
    describe: (service, at, state): LeaseAnswer => ({
      v: 1,
      ...at,
      service,
      state,
      ...(findReservation(root, endpointOf(at))?.state === 'serving' && { serving: true }),
      ...(((state === 'held' && registry().orders?.stop) || runsProcess(root, service)) && {
        runs: true,
      }),
      root,
      checkout,
      ...(branch && { branch }),
      pid,
      command,
      since,
    }),
    isLent: (port) => lentPorts?.has(port) ?? false,
    obey: (endpoint) => {
      const desk = orderDesk(stateDir, pid)
      return (line, challenge) => obeyOrder(line, challenge, desk, root, endpoint)
    },
  }
}

/** `ports stop` may ask this process to end the service's server. */
function runsProcess(root: string, service: string): boolean {
  const processes = registry().sessions.get(root)?.processes?.all() ?? []
  return processes.some((one) => one.service === service && one.pid !== undefined)
}

import { PortsError } from '../errors.ts'
import { type EndpointParts, endpointText } from '../net/endpoint.ts'
import type { Protocol } from '../types.ts'

/** The reservation that refuses. */
interface Refusing extends EndpointParts {
  readonly service: string
  readonly protocol: Protocol
}

/** There is no socket to hand over. `why` begins with a colon where there is something to say. */
export function notHeld(reservation: Refusing, why: string): PortsError {
  return new PortsError(
    'PORTS_NOT_HELD',
    `${nameOf(reservation)} is not held${why}. Reserve it again before handing it over.`,
  )
}

/** The socket is of another kind; `otherWay` says how it is handed over. */
export function heldOtherwise(reservation: Refusing, otherWay: string): PortsError {
  return new PortsError(
    'PORTS_NOT_HELD',
    `${nameOf(reservation)} has protocol "${reservation.protocol}", whose socket is handed over in another way. ${otherWay}`,
  )
}

/** A server of this process listens on the port. */
export function stillServing({ service, port }: Refusing): PortsError {
  return new PortsError(
    'PORTS_SERVING',
    `"${service}" can't be moved while its server listens on port ${port} in this process. Close the server first, or restart it with another port.`,
  )
}

function nameOf(reservation: Refusing): string {
  const kind = reservation.path === undefined ? 'Port' : 'Socket'
  return `${kind} ${endpointText(reservation)} of "${reservation.service}"`
}

import type { PortAttempt } from './types.ts'

/** What went wrong for one service: what was tried and, where known, who is there. */
export interface ServiceProblem {
  readonly service: string
  readonly code: PortsErrorCode
  readonly attempts: readonly PortAttempt[]
  /** Pool that its ports come from. */
  readonly pool?: string
  /** Ports in a row that were wanted. */
  readonly inARow?: number
  /** With `PORTS_GROUP`: the group, and its services that had no port. */
  readonly group?: { readonly name: string; readonly failed: readonly string[] }
}

/** A closed set: programs decide on the code, people read the message. */
export type PortsErrorCode =
  /** A `strict` service's typed or preferred port is in use. */
  | 'PORTS_TAKEN'
  /** No candidate of the range was free. */
  | 'PORTS_RANGE_EXHAUSTED'
  /** One port of a block can't be changed without the others. */
  | 'PORTS_IN_A_ROW'
  /** Another service of its group could not be had. */
  | 'PORTS_GROUP'
  /** The operating system refused the bind. */
  | 'PORTS_DENIED'
  /** The host does not resolve, or is no address of this machine. */
  | 'PORTS_NO_ADDRESS'
  /** The socket was handed over or released before. */
  | 'PORTS_NOT_HELD'
  /** A server of this process listens there, so the service can't be moved. */
  | 'PORTS_SERVING'
  /** Somebody else has the port of a service, although it was reserved; see `onConflict`. */
  | 'PORTS_STOLEN'
  /** Several services of that name are reserved; say which one is meant. */
  | 'PORTS_AMBIGUOUS'
  /** No plugin or program of this process has a service of that name. */
  | 'PORTS_NO_SERVICE'
  /** What was waited for did not come about in time. */
  | 'PORTS_TIMEOUT'
  /** The instance was closed before. */
  | 'PORTS_CLOSED'

/** Failure of an allocation or a handover; a bad option is a `TypeError` instead. */
export class PortsError extends Error {
  readonly code: PortsErrorCode
  /** One entry for each service that could not be had; empty when no service was involved. */
  declare readonly problems: readonly ServiceProblem[]

  constructor(
    code: PortsErrorCode,
    message: string,
    options: { problems?: readonly ServiceProblem[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    // The message says it all; printed as a field of the error it would say it twice.
    Object.defineProperty(this, 'problems', { value: options.problems ?? [], enumerable: false })
    // Node prints `name` before the message, so the code is seen without any formatting of ours.
    this.name = `PortsError [${code}]`
  }
}

/** An option that cannot be understood. Names the path, the value and what was expected. */
export class PortsOptionError extends TypeError {
  readonly code = 'PORTS_INVALID_OPTION'
  override readonly name = 'PortsOptionError [PORTS_INVALID_OPTION]'
}

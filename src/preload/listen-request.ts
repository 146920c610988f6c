import type { ListenOptions } from 'node:net'

/** What a call of `server.listen` asks for, whichever of its forms it has. */
export interface ListenRequest {
  readonly port: number
  /** A name or a literal; `undefined` for all interfaces. */
  readonly host: string | undefined
  readonly backlog: number | undefined
  readonly signal: AbortSignal | undefined
  /** It must have a socket of its own, whatever the address. */
  readonly own: boolean
  readonly exclusive: boolean
  /** Called when it listens. */
  readonly callback: (() => void) | undefined
}

/**
 * Reads the arguments of `server.listen`.
 *
 * @returns `undefined` for everything that is no TCP port: paths, handles, descriptors, and
 * arguments that Node itself will refuse.
 */
export function readListenRequest(args: readonly unknown[]): ListenRequest | undefined {
  const [first] = args
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : undefined
  if (typeof first === 'object' && first !== null) return fromOptions(first, args, callback)
  const port = readPort(first)
  if (port === undefined) return undefined
  const host =
    typeof args[1] === 'string' && readNumber(args[1]) === undefined ? args[1] : undefined
  const backlog = readNumber(args[1]) ?? readNumber(args[2])
  return {
    port,
    host: host || undefined,
    backlog,
    signal: undefined,
    own: false,
    exclusive: false,
    callback,
  }
}

function fromOptions(
  options: object,
  args: readonly unknown[],
  callback: (() => void) | undefined,
): ListenRequest | undefined {
  const { fd, handle, _handle, port, host, backlog, signal, ipv6Only, reusePort, exclusive } =
    options as ListenOptions & Record<'fd' | 'handle' | '_handle' | 'reusePort', unknown>
  if (_handle || handle || (typeof fd === 'number' && fd >= 0)) return undefined
  const number = readPort(port)
  if (number === undefined || (host && typeof host !== 'string')) return undefined
  return {
    port: number,
    host: host || undefined,
    backlog: backlog ?? readNumber(args[1]) ?? readNumber(args[2]),
    signal,
    own: Boolean(ipv6Only) || Boolean(reusePort),
    exclusive: Boolean(exclusive),
    callback,
  }
}

/** As Node does: numbers and numeric strings. `undefined` for a port that can't be held. */
function readPort(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const port = Number(value)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

function readNumber(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = Number(value)
  return value === '' || Number.isNaN(number) || number < 0 ? undefined : number
}

import { connect, Socket } from 'node:net'

/*
 * A process gives an open socket to another one over a local socket (SCM_RIGHTS). Node does that for
 * the channel of `fork` alone; the parts it is made of are reached through `_handle` here, and only
 * here. `duplicate` is the test whether they work, and everything has a way to do without.
 */

/** A socket of libuv, as far as it is used. */
export interface RawSocket {
  readonly fd: number
  close(callback?: () => void): void
  unref?(): void
  getsockname?(into: Record<string, unknown>): number
  setBlocking?(blocking: boolean): number
}

interface RawPipe extends RawSocket {
  open(fd: number): number
  pendingHandle?: RawSocket | null
  /** Up to Node 24 the caller brings the request and gets a status; later it gets one or the other. */
  writeUtf8String(request: WriteRequest | null, text: string, send?: RawSocket): Written
}

interface WriteRequest {
  handle?: unknown
}

/** `0` or a negative error number, or the request of a write that is under way. */
type Written = number | WriteRequest

type PipeConstructor = new (type: number) => RawPipe

/** libuv's number for a pipe over which sockets can travel. */
const IPC = 2

/** The raw socket of a server or a connection; `null` once it is closed. */
export function rawOf(owner: object): RawSocket | null {
  return (owner as { _handle?: RawSocket | null })._handle ?? null
}

/** Connects to a local socket in a way that lets sockets be received. Throws where that can't be. */
export function connectForSockets(path: string): Socket {
  // Nobody listens there; the attempt has a pipe all the same.
  const attempt = connect('/').on('error', () => {})
  const Pipe = rawOf(attempt)?.constructor as PipeConstructor
  attempt.destroy()
  return wrap(new Pipe(IPC)).connect(path)
}

/**
 * Makes a connection that a server accepted with `pauseOnConnect` able to send sockets. The old
 * object must not be touched any more: the descriptor is the new one's.
 *
 * @returns `undefined` when that can't be; then the old one is still good.
 */
export function acceptForSockets(accepted: Socket): Socket | undefined {
  const old = rawOf(accepted)
  if (!old || old.fd < 0) return undefined
  const pipe = new (old.constructor as PipeConstructor)(IPC)
  if (pipe.open(old.fd) !== 0) return undefined
  abandon(accepted, old)
  return wrap(pipe)
}

/**
 * The handle can't be closed: that would close a descriptor that is not its own any more. So that no
 * more than the handle stays behind, its socket is taken off it and ended, which the server counts.
 */
function abandon(accepted: Socket, old: RawSocket): void {
  old.unref?.()
  const fields = old as unknown as Record<symbol, unknown>
  for (const field of Object.getOwnPropertySymbols(old)) {
    if (fields[field] === accepted) fields[field] = null
  }
  Object.assign(accepted, { _handle: null })
  accepted.destroy()
}

/** Writes `text` with a copy of `raw`, which stays open here. For {@link acceptForSockets}. */
export function sendSocket(over: Socket, text: string, raw: RawSocket): boolean {
  const pipe = rawOf(over) as RawPipe | null
  if (!pipe) return false
  let sent = false
  const write = pipe.writeUtf8String
  pipe.writeUtf8String = (request, line) => {
    const result = write.call(pipe, request, line, raw)
    const made = request ?? (typeof result === 'object' ? result : undefined)
    // It has become the sent one, and the stream looks itself up there when the write is done.
    if (made) made.handle = pipe
    // What fails later is an error of the connection.
    sent = result === 0 || typeof result === 'object'
    return result
  }
  over.write(text, 'utf8')
  pipe.writeUtf8String = write
  return sent
}

/** The socket that came with the data just read, once; to be asked for in the `'data'` event. */
export function receivedSocket(from: Socket): RawSocket | undefined {
  const pipe = rawOf(from) as RawPipe | null
  const raw = pipe?.pendingHandle ?? undefined
  if (pipe && raw) pipe.pendingHandle = null
  return raw
}

function wrap(pipe: RawPipe): Socket {
  // `handle` and `manualStart` are how Node's own modules make sockets; the types leave them out.
  const options = { handle: pipe, readable: true, writable: true, manualStart: true }
  return new Socket(options as ConstructorParameters<typeof Socket>[0])
}

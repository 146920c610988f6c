/**
 * The few packets of esbuild's service that tell when it binds a port: `lib/shared/stdio_protocol.ts`
 * of esbuild. A packet is its length, its number with whether it answers, and a value; an object's
 * keys are written one behind the other. Nothing but these is looked for, so other packets may change.
 */

/** A request that makes esbuild listen. */
export interface ServeRequest {
  readonly id: number
  /** Of its context. */
  readonly key: number | undefined
  readonly port: number
  readonly host: string | undefined
}

const HEADER_BYTES = 8
const OBJECT = 6
const STRING = 3
const INTEGER = 2

/** What `packet` asks to serve; `undefined` for any other packet, and without a port of its own. */
export function readServe(packet: Buffer): ServeRequest | undefined {
  if (!packet.includes(command('serve'))) return undefined
  const port = integerOf(packet, 'port')
  if (!port || packet.length < HEADER_BYTES) return undefined
  return {
    id: packet.readUInt32LE(4) >>> 1,
    key: integerOf(packet, 'key'),
    port,
    host: textOf(packet, 'host'),
  }
}

/** The context that `packet` disposes of, or stops serving. */
export function readEnd(packet: Buffer): number | undefined {
  return packet.includes(command('dispose')) ? integerOf(packet, 'key') : undefined
}

/**
 * What esbuild says to the request of that number in `output`: `undefined` when it has not answered
 * yet, `false` when it could not.
 */
export function readAnswer(output: Buffer, id: number): boolean | undefined {
  const start = Buffer.alloc(5)
  start.writeUInt32LE(((id << 1) | 1) >>> 0, 0)
  start[4] = OBJECT
  const at = output.indexOf(start)
  const rest = at < 0 ? undefined : output.subarray(at + HEADER_BYTES + 1)
  if (!rest || rest.length < HEADER_BYTES + 1) return undefined
  return !rest.subarray(0, HEADER_BYTES + 1).includes('error')
}

function command(name: string): Buffer {
  return Buffer.concat([text('command'), Buffer.of(STRING), text(name)])
}

function integerOf(packet: Buffer, key: string): number | undefined {
  const label = Buffer.concat([text(key), Buffer.of(INTEGER)])
  const at = packet.indexOf(label)
  const start = at + label.length
  return at < 0 || start + 4 > packet.length ? undefined : packet.readInt32LE(start)
}

function textOf(packet: Buffer, key: string): string | undefined {
  const label = Buffer.concat([text(key), Buffer.of(STRING)])
  const at = packet.indexOf(label)
  const start = at + label.length
  if (at < 0 || start + 4 > packet.length) return undefined
  return packet.toString('utf8', start + 4, start + 4 + packet.readUInt32LE(start))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

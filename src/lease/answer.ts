import { type Endpoint, endpointParts } from '../net/endpoint.ts'
import type { Protocol } from '../types.ts'
import { isPort } from '../options/ranges.ts'
import { stripControls } from '../utils/strip-controls.ts'

/** What a lease tells whoever asks: one line of JSON. */
export interface LeaseAnswer {
  readonly v: 1
  /** `0` with a path. */
  readonly port: number
  /** Default: `'tcp'`. */
  readonly protocol?: Protocol
  /** With `protocol: 'unix'`. */
  readonly path?: string
  readonly service: string
  /** `'held'`: its socket is bound by the owner or its child; `'leased'`: a server is expected. */
  readonly state: 'held' | 'leased'
  /** A server of the owner listens on the port. Absent otherwise. */
  readonly serving?: true
  /** The owner runs a command for the port, and ends it when it is ordered to. Absent otherwise. */
  readonly runs?: true
  readonly root: string
  readonly checkout: string
  readonly branch?: string
  readonly pid: number
  readonly command: string
  /** ISO 8601. */
  readonly since: string
}

/** Longest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 16_384
const MAX_TEXT = 4096

/**
 * One line, without the line break.
 *
 * @param challenge For whoever wants to give an order; see `proofOf`.
 */
export function renderAnswer(answer: LeaseAnswer, challenge?: string): string {
  return JSON.stringify({ ...answer, challenge })
}

/**
 * Reads an answer of whoever listens at a lease's name, which may be a stranger: every field is
 * checked and nothing in it can steer a terminal.
 *
 * @returns `undefined` for anything that is no answer for `endpoint`.
 */
export function parseAnswer(line: string, endpoint: Endpoint): LeaseAnswer | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  const { v, pid, state } = fields
  const flags = {
    ...(fields.serving === true && { serving: true as const }),
    ...(fields.runs === true && { runs: true as const }),
  }
  const service = text(fields.service)
  const root = text(fields.root)
  const checkout = text(fields.checkout)
  const command = text(fields.command)
  const since = text(fields.since)
  const branch = text(fields.branch)
  const asked = endpointParts(endpoint)
  const { port } = asked
  if (v !== 1 || fields.port !== port || (state !== 'held' && state !== 'leased')) return undefined
  if (fields.protocol !== asked.protocol || fields.path !== asked.path) return undefined
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined
  if (!service || !root || !checkout || command === undefined || !since) return undefined
  const place = { root, checkout, ...(branch && { branch }) }
  return { v, ...asked, service, state, ...flags, ...place, pid, command, since }
}

/** What an answer says that it is about; not checked in any other way. */
export function endpointSaid(line: string): Endpoint | undefined {
  try {
    const { port, protocol, path } = JSON.parse(line) as Record<string, unknown>
    if (protocol === 'unix') return typeof path === 'string' ? `unix:${path}` : undefined
    if (!isPort(port)) return undefined
    return protocol === 'udp' ? `udp:${port}` : port
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_TEXT) return undefined
  return stripControls(value)
}

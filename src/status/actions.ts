import type { IncomingMessage } from 'node:http'
import { PortsError } from '../errors.ts'
import { hereOf } from '../machine/leases-here.ts'
import { releaseEndpoint } from '../machine/release.ts'
import { isPort } from '../options/ranges.ts'
import { type Answer, jsonAnswer } from './answers.ts'
import type { ActionName } from './report.ts'
import type { StatusSource } from './source.ts'

/** Longest body of a request that is read, in bytes. */
const MAX_BODY_BYTES = 4096
/** Time for all of it, in milliseconds. */
const BODY_TIMEOUT_MS = 5000

/** What came of an action. */
export interface ActionResult {
  readonly ok: boolean
  /** One line for people. */
  readonly text: string
}

interface Wanted {
  readonly service: string
  readonly port: number | undefined
}

/** Carries out an action that the guard let through. */
export async function act(
  action: ActionName,
  request: IncomingMessage,
  source: StatusSource,
): Promise<Answer> {
  const body = await readBody(request)
  if (typeof body === 'number') return refusedBody(body, request)
  const wanted = parseWanted(body)
  if (!wanted) return jsonAnswer(failed('expected { "service": "<name>", "port": <number> }'), 400)
  try {
    const result = await carryOut(action, wanted, source)
    if (result.ok) source.session.log.note('action', result.text, wanted.service)
    return jsonAnswer(result, result.ok ? 200 : 409)
  } catch (error) {
    // What was asked for can't be had; the message says why and what to do.
    const text = error instanceof PortsError ? error.message : `it failed: ${String(error)}`
    return jsonAnswer(failed(text), 409)
  }
}

async function carryOut(
  action: ActionName,
  { service, port }: Wanted,
  source: StatusSource,
): Promise<ActionResult> {
  const { session } = source
  switch (action) {
    case 'move': {
      const { from, to } = await session.move(service, port, source.reservation(service))
      return done(`"${service}" has moved from port ${from} to ${to}`)
    }
    case 'restart': {
      const restarted = await session.processes?.restart(service)
      if (!restarted) return failed(`"${service}" was not started by this server`)
      return done(`"${service}" is starting again`)
    }
    case 'release':
      return release(service, port, source)
  }
}

async function release(
  service: string,
  port: number | undefined,
  { session, world }: StatusSource,
): Promise<ActionResult> {
  const own = [...session.reservations].find((one) => one.service === service)
  if (own && (port === undefined || own.port === port)) {
    if (own.state === 'serving') return failed(`the server of "${service}" listens; stop it first`)
    await own.release()
    return done(`"${service}" was released`)
  }
  if (port === undefined) return failed(`there is no service "${service}" here`)
  const here = hereOf(session.identity.root, world.place)
  const { result } = await releaseEndpoint(port, { any: false, dry: false }, here)
  if (result === 'released') return done(`"${service}" was released`)
  return failed(REFUSALS[result])
}

const REFUSALS = {
  'not-leased': 'nobody has reserved that port any more',
  foreign: 'that port belongs to another checkout; release it from there',
  serving: 'its server listens; stop it first',
  unreachable: 'the process that has it takes no orders from this user',
} as const

function done(text: string): ActionResult {
  return { ok: true, text }
}

function failed(text: string): ActionResult {
  return { ok: false, text }
}

/** The body, or why there is none: the status to answer with. */
function readBody(request: IncomingMessage): Promise<string | 400 | 408 | 413> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (body: string | 400 | 408 | 413): void => {
      clearTimeout(timer)
      // What else comes is read and forgotten until the answer has closed the connection.
      request.off('data', take).resume()
      resolve(body)
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      if (size > MAX_BODY_BYTES) return finish(413)
      chunks.push(chunk)
    }
    // A deadline for all of it: an idle timeout could be put off byte by byte.
    const timer = setTimeout(() => finish(408), BODY_TIMEOUT_MS)
    timer.unref()
    request.on('data', take)
    request.once('end', () => finish(Buffer.concat(chunks).toString('utf8')))
    request.once('error', () => finish(400))
    request.once('close', () => finish(400))
  })
}

const REFUSED_BODIES = {
  400: 'the request broke off',
  408: 'the body of the request took too long',
  413: 'the body of the request is too long',
} as const

/** Whoever may still be sending is shown out; HTTP/2 has other ways for that. */
function refusedBody(status: keyof typeof REFUSED_BODIES, request: IncomingMessage): Answer {
  const answer = jsonAnswer(failed(REFUSED_BODIES[status]), status)
  return request.httpVersionMajor === 1 ? { ...answer, headers: { Connection: 'close' } } : answer
}

function parseWanted(text: string): Wanted | undefined {
  try {
    const { service, port } = JSON.parse(text) as Record<string, unknown>
    if (typeof service !== 'string' || service === '') return undefined
    if (port !== undefined && port !== null && !isPort(port)) return undefined
    return { service, port: isPort(port) ? port : undefined }
  } catch {
    return undefined
  }
}

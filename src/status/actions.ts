import type { IncomingMessage } from 'node:http'
import { PortsError } from '../errors.ts'
import { hereOf } from '../machine/leases-here.ts'
import { releasePort } from '../machine/release.ts'
import { isPort } from '../options/ranges.ts'
import { type Answer, jsonAnswer } from './answers.ts'
import type { ActionName } from './report.ts'
import type { StatusSource } from './source.ts'

/** Longest body of a request that is read, in bytes. */
const MAX_BODY_BYTES = 4096

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
  const wanted = parseWanted(await readBody(request))
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
      const { from, to } = await session.move(service, port)
      return done(`"${service}" has moved from port ${from} to ${to}`)
    }
    case 'restart': {
      const restart = session.restarts.get(service)
      if (!restart) return failed(`"${service}" was not started by this server`)
      await restart()
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
  const { result } = await releasePort(port, { any: false, dry: false }, here)
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
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

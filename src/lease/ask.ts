import { connect } from 'node:net'
import { endpointSaid, type LeaseAnswer, MAX_ANSWER_BYTES, parseAnswer } from './answer.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { LeaseName } from './names.ts'

/** An owner that does not answer in this time is busy or suspended, in milliseconds. */
const ASK_TIMEOUT_MS = 1000

/**
 * Asks the lease of `endpoint` who owns it.
 *
 * @returns `undefined` when nobody leases it, or the owner says nothing that makes sense in time.
 */
export async function askLease(
  endpoint: Endpoint,
  name: LeaseName,
  timeoutMs: number = ASK_TIMEOUT_MS,
): Promise<LeaseAnswer | undefined> {
  return parseAnswer(await firstLine(name, timeoutMs), endpoint)
}

/**
 * The same for a lease of which only the name is known, as names of paths don't tell them.
 *
 * @param isNameOf Whether that endpoint's lease has this name; an answer about another one is none.
 */
export async function askNamedLease(
  name: LeaseName,
  isNameOf: (endpoint: Endpoint) => boolean,
): Promise<LeaseAnswer | undefined> {
  const line = await firstLine(name, ASK_TIMEOUT_MS)
  const endpoint = endpointSaid(line)
  return endpoint !== undefined && isNameOf(endpoint) ? parseAnswer(line, endpoint) : undefined
}

function firstLine(name: LeaseName, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(name.path)
    let received = ''
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(received.split('\n', 1)[0] ?? '')
    }
    // A deadline for the whole answer: an idle timeout could be put off byte by byte.
    const timer = setTimeout(finish, timeoutMs)
    timer.unref()
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      received += chunk
      if (chunk.includes('\n') || received.length > MAX_ANSWER_BYTES) finish()
    })
    socket.on('error', finish)
    socket.on('end', finish)
    socket.on('close', finish)
  })
}

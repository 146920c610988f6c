import { existsSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { type LeaseAnswer, renderAnswer } from './answer.ts'
import { type FileLock, removeStale, tryFileLock } from './file-lock.ts'
import type { LeaseName } from './names.ts'
import { MAX_ORDER_LENGTH, newChallenge, type OrderReply } from './order.ts'

/** Somebody who connects and never goes away is dropped after this, in milliseconds. */
const VISIT_LIMIT_MS = 5000
const MAX_VISITORS = 64

/**
 * Carries out a visitor's line, if it is an order of somebody who may give orders.
 *
 * @param challenge What this visitor was told; see `proofOf`.
 */
export type Obey = (line: string, challenge: string) => OrderReply

/** Somebody has a lease of that name; found out by trying for it. */
export function isLeased(name: LeaseName): boolean {
  const lease = Lease.claim(name, () => {
    throw new Error('a name that is only tried has no answer')
  })
  lease?.end()
  return lease === undefined
}

/**
 * The name of a port that other processes can see: at most one process on this machine has it, and
 * whoever connects to it is told who. It ends with the process, however that dies.
 */
export class Lease {
  readonly #server: Server | undefined
  readonly #name: LeaseName | undefined
  #lock: FileLock | undefined

  private constructor(name?: LeaseName, server?: Server, lock?: FileLock) {
    this.#name = name
    this.#server = server
    this.#lock = lock
  }

  /**
   * Claims `name` in this tick. Never keeps the process alive.
   *
   * @param describe Called for each visitor, so the answer is always the present state.
   * @param obey Called for the first line that a visitor says. Default: nobody is listened to.
   * @returns `undefined` when another lease (of this process too) has the name.
   */
  static claim(name: LeaseName, describe: () => LeaseAnswer, obey?: Obey): Lease | undefined {
    let lock: FileLock | undefined
    if (name.lock !== undefined) {
      const locked = tryFileLock(name.lock)
      if (locked === 'taken') return undefined
      // Without a writable state directory nobody has leases; the held socket still protects the port.
      if (locked === 'unavailable') return new Lease()
      lock = locked
      removeStale(name.path)
    }
    const server = createServer((visitor) => {
      visitor.on('error', () => visitor.destroy())
      // For the whole visit: an idle timeout could be put off byte by byte.
      const limit = setTimeout(() => visitor.destroy(), VISIT_LIMIT_MS).unref()
      visitor.once('close', () => clearTimeout(limit))
      visitor.unref()
      if (obey) {
        const challenge = newChallenge()
        visitor.write(`${renderAnswer(describe(), challenge)}\n`)
        return listenTo(visitor, (line) => obey(line, challenge))
      }
      visitor.write(`${renderAnswer(describe())}\n`)
      // Whatever a visitor says is read and forgotten, or the closed connection would linger.
      visitor.end()
      visitor.resume()
    })
    server.maxConnections = MAX_VISITORS
    server.unref()
    // The failure is seen in `listening`; its event comes later and must not end the process.
    server.on('error', () => {})
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      server.listen({ path: name.path, exclusive: true })
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
    if (server.listening) return new Lease(name, server, lock)
    lock?.release()
    return undefined
  }

  /** Others can still see it: neither its socket nor its files have been taken away. */
  get intact(): boolean {
    const [server, name] = [this.#server, this.#name]
    if (!server || !name) return true
    if (!server.listening) return false
    return name.lock === undefined || (existsSync(name.path) && existsSync(name.lock))
  }

  /** Gives the name up. Idempotent. */
  end(): void {
    this.#server?.close()
    this.#lock?.release()
    this.#lock = undefined
  }
}

function listenTo(visitor: Socket, obey: (line: string) => OrderReply): void {
  let text = ''
  let done = false
  visitor.setEncoding('utf8')
  visitor.on('data', (chunk: string) => {
    if (done) return
    text += chunk
    const end = text.indexOf('\n')
    done = end >= 0 || text.length > MAX_ORDER_LENGTH
    if (!done) return
    if (end < 0 || end > MAX_ORDER_LENGTH) visitor.end()
    else visitor.end(`${JSON.stringify(obey(text.slice(0, end)))}\n`)
  })
}

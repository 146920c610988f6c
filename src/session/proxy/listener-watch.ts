import { accepts } from '../../net/accepting.ts'
import type { Listener } from '../../reservation/listener.ts'
import { isSameProcess, type ProcessMark, processMark } from '../../utils/process-mark.ts'

/** A stranger on the port is looked at again after this, in milliseconds. */
const FRESH_MS = 1000
/** Whether the listening process lives is looked at again after this, in milliseconds. */
const ALIVE_MS = 100
/** As long as the listening process lives, it is looked at anew after this, in milliseconds. */
const RECHECK_MS = 30_000
/** A connection that takes longer has found nobody who would answer, in milliseconds. */
const CONNECT_TIMEOUT_MS = 1000

/**
 * Who listens on a service's port, kept up to date while somebody asks. Looking costs tens of
 * milliseconds, so it happens when the listener may be another one, not for every request.
 */
export class ListenerWatch {
  readonly #identify: (port: number) => Promise<Listener>
  readonly #now: () => number
  #port = 0
  #listener: Listener | undefined
  #mark: ProcessMark | undefined
  #checkedAt = -Infinity
  #lookedAt = -Infinity
  #check: Promise<void> | undefined

  /**
   * @param identify Finds out who listens.
   * @param now A clock that never goes back, in milliseconds.
   */
  constructor(identify: (port: number) => Promise<Listener>, now: () => number) {
    this.#identify = identify
    this.#now = now
  }

  /** The listener as last seen; `undefined` before the first look and for another port. */
  listener(port: number): Listener | undefined {
    return port === this.#port ? this.#listener : undefined
  }

  /**
   * Makes sure that {@link ListenerWatch.listener} is right for a request that comes now.
   *
   * @returns `undefined` when it is; else a promise to wait for, which never rejects.
   */
  settle(port: number): Promise<void> | undefined {
    if (port !== this.#port) this.#forget(port)
    const now = this.#now()
    if (!this.#listener) return this.#look()
    // Whoever comes is to be looked at before the first request reaches it.
    if (this.#listener.verdict === 'nobody') return this.#lookIfAnybody()
    const age = now - this.#lookedAt
    switch (this.#listener.verdict) {
      case 'foreign':
        return age < FRESH_MS ? undefined : this.#look()
      default:
        if (age < ALIVE_MS) return undefined
        if (!this.#mark || !isSameProcess(this.#mark)) return this.#look()
        this.#lookedAt = now
        // The process may have closed its socket and somebody else taken the port.
        if (now - this.#checkedAt > RECHECK_MS) void this.#look()
        return undefined
    }
  }

  /** A connection was refused: whoever was there has gone, even if its process lives on. */
  refused(): void {
    this.#listener = undefined
  }

  #forget(port: number): void {
    this.#port = port
    this.#listener = undefined
    this.#check = undefined
  }

  #look(): Promise<void> {
    this.#check ??= this.#identifyNow(this.#port)
    return this.#check
  }

  async #identifyNow(port: number): Promise<void> {
    const listener = await this.#identify(port).catch((): Listener => ({
      verdict: 'unknown',
      relay: false,
    }))
    if (port !== this.#port) return
    this.#check = undefined
    this.#listener = listener
    this.#mark = listener.holder?.pid === undefined ? undefined : processMark(listener.holder.pid)
    this.#checkedAt = this.#lookedAt = this.#now()
  }

  /** A refused connection costs far less than searching the processes, and is what the proxy will meet. */
  async #lookIfAnybody(): Promise<void> {
    if (await accepts(this.#port, 'localhost', CONNECT_TIMEOUT_MS)) await this.#look()
    else this.#lookedAt = this.#now()
  }
}

import type { Lease } from '../lease/lease.ts'
import type { Found } from './found.ts'

/** Time between two tries for another session's lease, in milliseconds. One try takes microseconds. */
const INHERIT_INTERVAL_MS = 1000

/** Keeps one reservation's lease, or waits for it while another session of this checkout has it. */
export class LeaseKeeper {
  readonly #claim: Found['claim']
  #lease: Lease | undefined
  #inherit: NodeJS.Timeout | undefined

  /** Begins with what the allocation found. {@link LeaseKeeper.end} stops it. */
  constructor({ lease, claim, lent }: Found) {
    this.#lease = lease
    this.#claim = claim
    if (!lease && !lent) this.#inheritFrom(claim)
  }

  /**
   * Offers the lease again when it was taken away.
   *
   * @returns Whether it was. Somebody else may have it by then, and it is waited for.
   */
  renew(): boolean {
    if (!this.#lease || this.#lease.intact) return false
    this.#lease.end()
    this.#lease = this.#claim()
    if (!this.#lease) this.#inheritFrom(this.#claim)
    return true
  }

  /** Gives the lease up, or the waiting for it. Idempotent. */
  end(): void {
    clearInterval(this.#inherit)
    this.#lease?.end()
  }

  /** The other session may end before this one, and then its lease is ours to keep others off. */
  #inheritFrom(claim: Found['claim']): void {
    this.#inherit = setInterval(() => {
      this.#lease = claim()
      if (this.#lease) clearInterval(this.#inherit)
    }, INHERIT_INTERVAL_MS)
    this.#inherit.unref()
  }
}

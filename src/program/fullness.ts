import type { Utilisation } from '../types.ts'

/** Tells of an area that is full enough, once, until it has been emptier. */
export class FullnessWatch {
  readonly #full = new Set<string>()

  /** Those of `measured` that have become full since the last look. */
  newlyFull(measured: readonly Utilisation[]): Utilisation[] {
    return measured.filter(({ name, share, warnAt }) => {
      const before = this.#full.has(name)
      if (share >= warnAt) this.#full.add(name)
      else this.#full.delete(name)
      return share >= warnAt && !before
    })
  }
}

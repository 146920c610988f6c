/** Counts of values below bounds; takes the same room however many values there are. */
export class Histogram {
  /** Upper bounds, rising, each part of its bucket. */
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    const at = this.bounds.findIndex((bound) => value <= bound)
    const bucket = at < 0 ? this.bounds.length : at
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  /** How many values are not above each bound, in the order of the bounds; then how many there are. */
  get cumulative(): number[] {
    let total = 0
    return this.#counts.map((count) => (total += count))
  }

  /** All values together. */
  get sum(): number {
    return this.#sum
  }
}

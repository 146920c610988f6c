/** Runs pieces of work one after the other. */
export class Turns {
  readonly #onEnd: () => void
  #queue: Promise<unknown> = Promise.resolve()
  #open = 0

  /** @param onEnd Called after each piece of work, whatever came of it. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Some work has not come to its end. */
  get busy(): boolean {
    return this.#open > 0
  }

  /** Runs `work` after everything that was given before. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#open++
    const turn = this.#queue.then(work).finally(() => {
      this.#open--
      this.#onEnd()
    })
    this.#queue = turn.catch(() => {})
    return turn
  }
}

import { askMachine, type MachineFacts } from './collect.ts'
import type { StatusSource } from './source.ts'

/** What the machine said last, asked again only for somebody who wants it newer. */
export class MachineWatch {
  readonly #source: StatusSource
  #facts: MachineFacts | undefined
  #askedAt = -Infinity
  #asking: Promise<MachineFacts> | undefined

  constructor(source: StatusSource) {
    this.#source = source
  }

  /** Facts that are at most `maxAgeMs` old; whoever asks while the machine is being asked shares the answer. */
  async facts(maxAgeMs: number): Promise<MachineFacts> {
    if (this.#facts && performance.now() - this.#askedAt <= maxAgeMs) return this.#facts
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<MachineFacts> {
    const askedAt = performance.now()
    this.#facts = await askMachine(this.#source)
    this.#askedAt = askedAt
    return this.#facts
  }
}

import { Session } from 'node:inspector/promises'

/** What of some modules has run so far, by V8's own counters of blocks. */
export class Coverage implements Disposable {
  readonly #session = new Session()
  readonly #isMeant: (url: string) => boolean
  /** By module and offset in it: 1 for code of a function, 2 for code that has run. */
  readonly #seen = new Map<string, Map<number, 1 | 2>>()
  #reached = 0

  private constructor(isMeant: (url: string) => boolean) {
    this.#isMeant = isMeant
  }

  /** Call it before the modules are loaded. */
  static async start(isMeant: (url: string) => boolean): Promise<Coverage> {
    const coverage = new Coverage(isMeant)
    coverage.#session.connect()
    await coverage.#session.post('Profiler.enable')
    await coverage.#session.post('Profiler.startPreciseCoverage', {
      callCount: true,
      detailed: true,
    })
    return coverage
  }

  /** The blocks that have run since the last call, and never before. */
  async take(): Promise<ReadonlySet<string>> {
    const fresh = new Set<string>()
    await this.#look((url, at, did) => {
      const offsets = this.#seen.get(url) ?? new Map<number, 1 | 2>()
      this.#seen.set(url, offsets)
      const was = offsets.get(at)
      if (was === 2) return
      if (did || was === undefined) offsets.set(at, did ? 2 : 1)
      if (!did) return
      this.#reached++
      fresh.add(`${url}:${at}`)
    })
    return fresh
  }

  /** Takes those of `blocks` out that have run since the last call. */
  async takeFrom(blocks: Set<string>): Promise<boolean> {
    const before = blocks.size
    await this.#look((url, at, did) => did && blocks.delete(`${url}:${at}`))
    return blocks.size < before
  }

  /** The part of the modules' functions that has run, from 0 to 1. */
  get share(): number {
    const all = [...this.#seen.values()].reduce((sum, offsets) => sum + offsets.size, 0)
    return all === 0 ? 0 : this.#reached / all
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  async #look(tell: (url: string, at: number, did: boolean) => void): Promise<void> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    for (const { url, functions } of result) {
      if (!this.#isMeant(url)) continue
      for (const { ranges } of functions) {
        // The module itself, which runs once.
        if (ranges[0]?.startOffset === 0) continue
        const ran = new Map<number, boolean>()
        // A block stands behind the one that it lies in, and knows better.
        for (const { startOffset, endOffset, count } of ranges) {
          const start = Math.ceil(startOffset / STEP) * STEP
          for (let at = start; at < endOffset; at += STEP) ran.set(at, count > 0)
        }
        for (const [at, did] of ran) tell(url, at, did)
      }
    }
  }
}

/** Characters that are counted as one: enough to tell blocks apart. */
const STEP = 4

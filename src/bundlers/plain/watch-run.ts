import type { Run, RunRequest, StartRun } from '../adapter.ts'
import type { HostLogger } from '../adapter.ts'

/** The run of one watching bundler: started before its first build, however often it builds. */
export class WatchRun {
  readonly #startRun: StartRun
  #starting: Promise<Run> | undefined
  #latest: Run | undefined

  constructor(startRun: StartRun) {
    this.#startRun = startRun
  }

  /**
   * Resolves with the run; the first call starts it. After a failure or {@link close} the next call
   * starts another one.
   *
   * @throws PortsError when a required service can't be had.
   */
  start(request: () => RunRequest | Promise<RunRequest>, logger: HostLogger): Promise<Run> {
    this.#starting ??= this.#begin(request, logger)
    return this.#starting
  }

  /** Of the latest run; empty before one, so in builds. */
  addresses(): Record<string, { port: number; url: string }> {
    return this.#latest?.addresses() ?? {}
  }

  /** Releases what the run has, now or as soon as it has started. Idempotent. */
  close(): void {
    const starting = this.#starting
    this.#starting = undefined
    starting?.then(
      (run) => run.close(),
      // Whoever started it has been told.
      () => {},
    )
  }

  async #begin(request: () => RunRequest | Promise<RunRequest>, logger: HostLogger): Promise<Run> {
    try {
      const run = await this.#startRun(await request())
      this.#latest = run
      run.report(logger)
      run.followConfig({ logger, proxies: false })
      return run
    } catch (error) {
      this.#starting = undefined
      throw error
    }
  }
}

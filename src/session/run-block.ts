import { resolve } from 'node:path'
import { readEnvText } from '../output/env-file.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { Steps } from '../reservation/questions.ts'
import type { SessionUse } from '../reservation/session.ts'
import { publish } from './publish.ts'
import { publishedServices, type RunFacts } from './run-facts.ts'
import type { RunLog } from './run-log.ts'

/** The managed block of one run, and what was written there last. */
export class RunBlock {
  readonly #log: RunLog
  #said: readonly string[] = []

  constructor(log: RunLog) {
    this.#log = log
  }

  /**
   * Writes the env block; equal content writes nothing.
   *
   * @param replaced The use of a server that this run's server takes over from.
   * @param left What a service has just moved away from.
   * @returns Whether anything was written.
   */
  *publish(facts: RunFacts, replaced: SessionUse | undefined, left?: Endpoint): Steps<boolean> {
    const { env } = facts.request.options
    const { blockFile, blockName } = facts.files
    if (!env || blockFile === undefined || blockName === undefined) return false
    const files = { ...facts.files, blockFile, blockName }
    const services = publishedServices(facts)
    const result = yield* publish(services, env, files, facts.use, replaced, left)
    if (result.write) facts.use.session.written.set(resolve(blockFile), result.write)
    this.#log.warn(result.warnings.filter((warning) => !this.#said.includes(warning)))
    this.#said = result.warnings
    void result.later.then((warning) => warning && this.#log.warn([warning]))
    return result.write !== undefined
  }

  /** See `Run.ownWrite`. */
  ownWrite(file: string, { files: { blockFile }, use }: RunFacts): readonly string[] | undefined {
    // Another server of this root writes its lines as well, and they are nobody's edit either.
    const write = use.session.written.get(resolve(file))
    if (!write || blockFile === undefined || resolve(file) !== resolve(blockFile)) return undefined
    return readEnvText(blockFile) === write.text ? write.changed : undefined
  }

  /** Goes on with what `next` has written. */
  become(next: RunBlock): void {
    this.#said = next.#said
  }
}

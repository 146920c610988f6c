import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { ProcessLine } from '../session/processes/context.ts'

/** One file for each service with the lines of this run, without colours. */
export class LogFiles {
  readonly #directory: string
  readonly #begun = new Set<string>()
  readonly #warn: (text: string) => void
  #failed = false

  /**
   * @param warn Told once when lines can't be written; the services go on.
   * @throws The system's error when the directory can't be made.
   */
  constructor(directory: string, warn: (text: string) => void) {
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#warn = warn
  }

  /** Adds a line; the first one of a service replaces what the last run wrote. */
  write({ service, line }: ProcessLine): void {
    if (this.#failed) return
    const file = join(this.#directory, `${service}.log`)
    const text = `${stripVTControlCharacters(line)}\n`
    try {
      if (this.#begun.has(service)) appendFileSync(file, text)
      else writeFileSync(file, text)
      this.#begun.add(service)
    } catch (error) {
      this.#failed = true
      this.#warn(`${file} can't be written: ${(error as Error).message}`)
    }
  }
}

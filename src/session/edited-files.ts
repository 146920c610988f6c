import type { ConfigSource } from '../bundlers/adapter.ts'
import { stampOf } from '../config/stamp.ts'
import type { EnvFiles } from './env-files.ts'

/** Our block is written again so many times in {@link WINDOW_MS} at most. */
const MAX_WRITES = 10
/** In milliseconds. */
const WINDOW_MS = 10_000

/** Whether the files that options come from have been edited. */
export class ConfigEdits {
  /** Those that are watched, there or not. */
  readonly files: readonly string[]
  readonly #places: readonly string[]
  readonly #also: readonly string[]
  #seen: string

  constructor(source: ConfigSource | undefined) {
    this.#places = source?.places() ?? []
    this.#also = source?.also?.() ?? []
    this.files = [...this.#places, ...this.#also]
    const { file, stamp } = source ?? {}
    this.#seen = [file === undefined ? '' : textOf(file, stamp ?? ''), ...this.#alsoNow()].join()
  }

  /** The file that was edited since the last call; `undefined` when none was. */
  next(): string | undefined {
    const also = this.#alsoNow()
    const file = this.#places.find((place) => stampOf(place) !== '')
    const now = [file === undefined ? '' : textOf(file, stampOf(file)), ...also].join()
    if (now === this.#seen) return undefined
    this.#seen = now
    return file ?? this.#places[0] ?? this.#also[0]
  }

  #alsoNow(): string[] {
    return this.#also.map((file) => textOf(file, stampOf(file)))
  }
}

/** Whether env files have been edited, as far as the host doesn't follow them by itself. */
export class EnvEdits {
  readonly #isFollowed: (file: string) => boolean
  readonly #files: string[]
  #seen = ''
  #there = new Set<string>()
  #wrote: number[] = []

  /** @param isFollowed The host starts anew when this file is edited; not, when it is deleted. */
  constructor(files: EnvFiles, isFollowed: (file: string) => boolean) {
    this.#isFollowed = isFollowed
    this.#files = [...files.paths]
  }

  /** Those that are watched, there or not. */
  get files(): readonly string[] {
    return this.#files
  }

  /** Whether one was edited since the last call, or since the run has read them. */
  next(): boolean {
    const stamps = new Map(this.#files.map((file) => [file, stampOf(file)]))
    const there = new Set(this.#files.filter((file) => stamps.get(file) !== ''))
    const gone = [...this.#there].some((file) => !there.has(file))
    const now = this.#files.map((file) => (this.#isFollowed(file) ? '' : stamps.get(file))).join()
    const edited = gone || now !== this.#seen
    this.#there = there
    this.#seen = now
    return edited
  }

  /** Files to watch besides, now that these are the env files. */
  watchAlso({ paths }: EnvFiles): string[] {
    const more = paths.filter((file) => !this.#files.includes(file))
    this.#files.push(...more)
    return more
  }

  /** Whether our block may be put right once more: two programs that undo each other's work never rest. */
  get mayWrite(): boolean {
    const now = performance.now()
    this.#wrote = this.#wrote.filter((at) => now - at < WINDOW_MS)
    return this.#wrote.length < MAX_WRITES
  }

  /** Our block was put right. */
  wrote(): void {
    this.#wrote.push(performance.now())
  }
}

function textOf(file: string, stamp: string): string {
  return `${file}=${stamp}`
}

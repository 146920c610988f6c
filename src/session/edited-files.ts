import type { ConfigSource } from '../bundlers/adapter.ts'
import { stampOf } from '../config/stamp.ts'
import type { EnvFiles } from './env-files.ts'
import type { FileWatch } from './watch-files.ts'

/** Our block is written again so many times in {@link WINDOW_MS} at most. */
const MAX_WRITES = 10
/** In milliseconds. */
const WINDOW_MS = 10_000

/** Where options come from, as far as that may be edited. */
export type EditedSource = Pick<ConfigSource, 'file' | 'stamp' | 'places' | 'also'>

/** Whether the files that options come from have been edited. */
export class ConfigEdits {
  readonly #files = new Set<string>()
  #places: readonly string[] = []
  #also: readonly string[] = []
  /** By file, the config file first. */
  #seen: ReadonlyMap<string, string> = new Map()
  /** It was being written when it was read. */
  #unread: string | undefined

  constructor(source: EditedSource | undefined) {
    if (!source) return
    this.readFrom(source)
    const { file, stamp } = source
    if (file !== undefined) this.#seen = new Map([[file, stamp], ...this.#seen])
  }

  /** Those that are watched, there or not. */
  get files(): readonly string[] {
    return [...this.#files]
  }

  /**
   * Goes on with what the options were read from anew.
   *
   * @returns Files to watch besides.
   */
  readFrom(source: EditedSource): string[] {
    const also = source.also?.() ?? new Map<string, string>()
    this.#places = source.places()
    this.#also = [...also.keys()]
    const config = [...this.#seen].filter(([file]) => this.#places.includes(file))
    this.#seen = new Map([...config, ...also])
    const more = [...this.#places, ...this.#also].filter((file) => !this.#files.has(file))
    for (const file of more) this.#files.add(file)
    return more
  }

  /** The file that was edited since the last call; `undefined` when none was. */
  next(): string | undefined {
    const before = this.#seen
    const config = this.#places.find((place) => stampOf(place) !== '')
    const files = [...(config === undefined ? [] : [config]), ...this.#also]
    this.#seen = new Map(files.map((file) => [file, stampOf(file)]))
    const edited = files.find((file) => this.#seen.get(file) !== before.get(file))
    const unread = this.#unread
    this.#unread = undefined
    return edited ?? [...before.keys()].find((file) => !this.#seen.has(file)) ?? unread
  }

  /**
   * What the options are after an edit of `file`; `undefined` while it is being written, and then
   * {@link next} names it again.
   *
   * @throws what `read` throws.
   */
  async read<T>(
    file: string,
    read: () => Promise<T>,
    watch: Pick<FileWatch, 'isSettled'>,
  ): Promise<T | undefined> {
    const [result] = await Promise.allSettled([read()])
    if (!watch.isSettled()) {
      this.#unread = file
      return undefined
    }
    if (result.status === 'rejected') throw result.reason
    return result.value
  }
}

/** Whether env files have been edited, as far as the host doesn't follow them by itself. */
export class EnvEdits {
  readonly #isFollowed: (file: string) => boolean
  readonly #files: string[]
  #seen = ''
  #there = new Set<string>()
  #wrote: number[] = []
  /** One was being written when they were read. */
  #unread = false

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
    const edited = gone || now !== this.#seen || this.#unread
    this.#there = there
    this.#seen = now
    this.#unread = false
    return edited
  }

  /**
   * What `read` says after an edit; `undefined` while a file is being written, and then {@link next}
   * says so again.
   */
  read<T>(read: () => T, watch: Pick<FileWatch, 'isSettled'>): T | undefined {
    const found = read()
    this.#unread = !watch.isSettled()
    return this.#unread ? undefined : found
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

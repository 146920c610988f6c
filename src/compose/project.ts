import { dirname, resolve } from 'node:path'
import { type ComposePlace, type ComposeQuery, findComposeFiles } from './find-files.ts'
import { type PublishedPort, readPublished } from './published.ts'
import {
  composeProblem,
  type ComposeProblem,
  type RawPort,
  type RawService,
  readComposeFile,
} from './read-file.ts'
import { parseTemplate, renderTemplate } from './template.ts'

/** A published port, and where it is written. */
export interface ComposePort extends PublishedPort {
  /** Absolute. */
  readonly file: string
  /** Counted from 1; absent for what an anchor or alias brought along. */
  readonly line?: number
}

/** One service of the compose files. */
export interface ComposeService {
  readonly name: string
  /** It starts with `docker compose up`: it has no profile, or one that is on. */
  readonly active: boolean
  readonly profiles: readonly string[]
  readonly ports: readonly ComposePort[]
}

/** What all compose files of a project say together. */
export interface ComposeProject {
  /** Absolute. */
  readonly directory: string
  /** Every file that counts, `extends`, `include` and env files too, absolute. */
  readonly files: readonly string[]
  readonly services: readonly ComposeService[]
  readonly problems: readonly ComposeProblem[]
}

/** Files that include or extend each other further than this are going in circles. */
const MAX_DEPTH = 20

/**
 * Reads the compose files of a directory as Compose would: override files, `COMPOSE_FILE`, `extends`,
 * `include`, profiles, variables and `.env`. Docker is not needed for it, and nothing is thrown: what
 * is wrong is in `problems`, and the rest counts.
 *
 * @returns `undefined` where there is no compose file.
 */
export function readCompose(query: ComposeQuery): ComposeProject | undefined {
  const place = findComposeFiles(query)
  return place && new Reader(place).read()
}

class Reader {
  readonly #place: ComposePlace
  readonly #files = new Set<string>()
  readonly #problems: ComposeProblem[] = []

  constructor(place: ComposePlace) {
    this.#place = place
  }

  read(): ComposeProject {
    const { directory, files, envFiles, profiles: on } = this.#place
    let merged = new Map<string, RawService>()
    for (const file of files) merged = mergeServices(merged, this.#file(file, 0))
    const services = [...merged].map(([name, { ports, profiles = [] }]): ComposeService => ({
      name,
      profiles,
      active: profiles.length === 0 || on.has('*') || profiles.some((profile) => on.has(profile)),
      ports: this.#published(name, ports),
    }))
    return { directory, files: [...this.#files, ...envFiles], services, problems: this.#problems }
  }

  /** The services of a file and of what it includes. */
  #file(file: string, depth: number): Map<string, RawService> {
    const raw = this.#read(file)
    let services = new Map<string, RawService>()
    if (depth > MAX_DEPTH) return services
    for (const path of raw.include) {
      services = mergeServices(services, this.#file(this.#path(path, file), depth + 1))
    }
    const own = new Map([...raw.services].map(([name, one]) => [name, this.#extended(one, depth)]))
    return mergeServices(services, own)
  }

  /** With what it extends underneath. */
  #extended(service: RawService, depth: number): RawService {
    const { extends: base, file } = service
    if (!base || depth > MAX_DEPTH) return service
    const from = base.file === undefined ? file : this.#path(base.file, file)
    const found = this.#read(from).services.get(base.service)
    if (!found) {
      this.#problems.push(
        composeProblem(file, undefined, `extends "${base.service}", which ${from} does not have`),
      )
      return service
    }
    return mergeService(this.#extended(found, depth + 1), service)
  }

  #read(file: string): ReturnType<typeof readComposeFile> {
    const isNew = !this.#files.has(file)
    this.#files.add(file)
    return readComposeFile(file, (problem) => {
      if (isNew) this.#problems.push(problem)
    })
  }

  #path(path: string, file: string): string {
    try {
      return resolve(dirname(file), renderTemplate(parseTemplate(path), this.#place.values))
    } catch {
      // Then there is no such file, and that is told.
      return resolve(dirname(file), path)
    }
  }

  #published(service: string, ports: readonly RawPort[]): ComposePort[] {
    const found = new Map<string, ComposePort>()
    for (const { entry, file, line } of ports) {
      try {
        const port = readPublished(entry, this.#place.values)
        if (!port) continue
        // The same one in several files is one.
        found.set(JSON.stringify(port), { ...port, file, ...(line !== undefined && { line }) })
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        this.#problems.push(composeProblem(file, line, `: "ports" of "${service}": ${why}`))
      }
    }
    return [...found.values()]
  }
}

function mergeServices(
  below: ReadonlyMap<string, RawService>,
  above: ReadonlyMap<string, RawService>,
): Map<string, RawService> {
  const merged = new Map(below)
  for (const [name, service] of above) {
    const before = merged.get(name)
    merged.set(name, before ? mergeService(before, service) : service)
  }
  return merged
}

function mergeService(below: RawService, above: RawService): RawService {
  const profiles = above.profiles ?? below.profiles
  return {
    ...above,
    ports: above.replaces ? above.ports : [...below.ports, ...above.ports],
    ...(profiles && { profiles }),
  }
}

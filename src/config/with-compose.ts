import { relative } from 'node:path'
import { type ComposeQuery, composePlaces } from '../compose/find-files.ts'
import { type ComposeProject, readCompose } from '../compose/project.ts'
import { composeServiceOptions } from '../compose/services.ts'
import { startedPorts } from '../compose/started.ts'
import type { Options, ServiceOptions } from '../types.ts'
import { mergeOptions } from './merge.ts'
import { stampOf } from './stamp.ts'

/**
 * What becomes of the containers of compose files: they are services that somebody else starts, are
 * started with the others, or are left to others.
 */
export type Containers = 'listed' | 'started' | 'left'

/** How files were before they were read, by their absolute path. */
export type FileStamps = ReadonlyMap<string, string>

/** Options with the services of compose files, and what should be known of those files. */
export interface WithCompose {
  readonly options: Options | undefined
  /** Of the files that count, and of those that would if they were there. */
  readonly files: FileStamps
  readonly warnings: readonly string[]
  /** Files that nothing could be learned from, in words for people. */
  readonly unread: readonly string[]
}

/** Whose compose files count, and how. */
export interface ComposeSource {
  /** Absolute. */
  readonly root: string
  /** Default: the environment of the process, as Compose itself would have it. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Default: `'listed'`. */
  readonly containers?: Containers | undefined
}

/**
 * The services that the root's compose files publish by variables, under those that a person has
 * named. Without the option `compose` nothing is looked for.
 */
export function withCompose(
  options: Options | undefined,
  { root, env = process.env, containers = 'listed' }: ComposeSource,
): WithCompose {
  const compose: unknown = options?.compose
  const file = typeof compose === 'string' && compose !== '' ? compose : undefined
  const nothing = { options, files: new Map(), warnings: [], unread: [] }
  if (compose !== true && file === undefined) return nothing
  const query = { directory: root, env, ...(file !== undefined && { files: [file] }) }
  if (containers === 'left') return { ...nothing, options: waitingForNone(options, query) }
  const { project, files } = readStamped(query)
  if (!project) {
    const warnings = [`compose is true, and there is no compose file in ${root}.`]
    return { ...nothing, files, warnings }
  }
  const services =
    containers === 'started'
      ? startedServices(project, options, file)
      : composeServiceOptions(project)
  return { ...underneath(options, project, services), files }
}

/** Reads compose files; edits from the moment before that on show in the stamps. */
export function readStamped(query: ComposeQuery): {
  readonly project: ComposeProject | undefined
  readonly files: FileStamps
} {
  const before = stampsOf(composePlaces(query))
  const project = readCompose(query)
  return { project, files: new Map([...stampsOf(project?.files ?? []), ...before]) }
}

/** How `files` are at the moment. */
export function stampsOf(files: readonly string[]): FileStamps {
  return new Map(files.map((file) => [file, stampOf(file)]))
}

/** `services` of `project` under `options`, and what is wrong with its files. */
export function underneath(
  options: Options | undefined,
  { problems, directory }: ComposeProject,
  services: Readonly<Record<string, ServiceOptions>>,
): Omit<WithCompose, 'files'> {
  const told = problems.map(({ whole, message }) => ({ whole, text: shorten(message, directory) }))
  return {
    // Wrong options are told when they are resolved.
    options: isTable(options?.services) ? mergeOptions({ services }, options ?? {}) : options,
    warnings: told.map(({ text }) => text),
    unread: told.filter(({ whole }) => whole).map(({ text }) => text),
  }
}

/** Containers that are no app themselves, and those that somebody speaks of. */
function startedServices(
  project: ComposeProject,
  options: Options | undefined,
  file: string | undefined,
): Record<string, ServiceOptions> {
  const ports = startedPorts(project, file)
  const spoken = new Set([...Object.keys(options?.services ?? {}), ...dependenciesOf(options)])
  const meant = new Set(
    ports.filter(({ name, sure }) => sure || spoken.has(name)).map(({ service }) => service),
  )
  return Object.fromEntries(
    ports.filter(({ service }) => meant.has(service)).map(({ name, options: own }) => [name, own]),
  )
}

/** Somebody else starts the containers, so nobody here can wait for one. */
function waitingForNone(options: Options | undefined, query: ComposeQuery): Options | undefined {
  const own = new Set(Object.keys(options?.services ?? {}))
  if (dependenciesOf(options).every((name) => own.has(name))) return options
  const project = readCompose(query)
  const containers = new Set(Object.keys(project ? composeServiceOptions(project) : {}))
  const services = Object.entries(options?.services ?? {}).map(([name, service]) => {
    const names = dependenciesOfService(service)
    const dependsOn = names.filter((other) => own.has(other) || !containers.has(other))
    const same = typeof service !== 'object' || dependsOn.length === names.length
    return [name, same ? service : { ...service, dependsOn }]
  })
  return { ...options, services: Object.fromEntries(services) }
}

function dependenciesOf(options: Options | undefined): string[] {
  return Object.values(options?.services ?? {}).flatMap(dependenciesOfService)
}

/** Options given in code have not been looked at yet. */
function dependenciesOfService(service: unknown): string[] {
  const { dependsOn } = (service ?? {}) as { dependsOn?: unknown }
  return [dependsOn].flat().filter((name) => typeof name === 'string')
}

function isTable(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null)
}

/** Paths below the project's directory are clear without it. */
function shorten(message: string, directory: string): string {
  const [file = ''] = message.split(' ', 1)
  const near = relative(directory, file)
  return near && !near.startsWith('..') ? message.replace(file, near) : message
}

import type { ServiceOptions } from '../types.ts'
import type { ComposePort, ComposeProject } from './project.ts'
import { composeServiceOptions, speaksHttp, variablePublishings } from './services.ts'

/**
 * Containers get this long to end, in seconds: less than what is left of a process has before it is
 * killed, which would leave them running.
 */
const STOP_AFTER_S = 3

/** A published port whose container we start. */
export interface StartedPort {
  /** Name of our service. */
  readonly name: string
  /** Name of the compose service. */
  readonly service: string
  readonly port: ComposePort
  /** With the command, at the first port of each container. */
  readonly options: ServiceOptions
  /** Of a database or the like, as one of the container's ports says; others may be the app itself. */
  readonly sure: boolean
}

/**
 * The published ports that variables say, each container started by `docker compose up`.
 *
 * @param file The compose file, where Compose would not find it by itself.
 */
export function startedPorts(project: ComposeProject, file?: string): StartedPort[] {
  const options = composeServiceOptions(project)
  const publishings = variablePublishings(project)
  const started = new Set<string>()
  const sure = new Set(
    publishings.filter(({ port }) => !speaksHttp(port)).map(({ service }) => service),
  )
  return publishings.map(({ name, service, port }): StartedPort => {
    // Whoever depends on it waits until it listens.
    const { health: _, ...own } = options[name] ?? {}
    const first = !started.has(service)
    started.add(service)
    const command = first ? { command: upCommand(service, file) } : {}
    return { name, service, port, options: { ...command, ...own }, sure: sure.has(service) }
  })
}

function upCommand(service: string, file: string | undefined): string | string[] {
  return file === undefined
    ? `docker compose up -t ${STOP_AFTER_S} ${service}`
    : ['docker', 'compose', '-f', file, 'up', '-t', String(STOP_AFTER_S), service]
}

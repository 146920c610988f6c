import { relative } from 'node:path'
import { kindOf } from '../options/services.ts'
import type { ServiceOptions } from '../types.ts'
import type { ComposePort, ComposeProject, ComposeService } from './project.ts'

/** Ports of containers that speak something else than HTTP. */
const NOT_HTTP: ReadonlySet<number> = new Set([
  22, 25, 53, 1025, 1433, 1521, 1883, 2181, 3306, 4222, 5432, 5672, 6379, 6650, 9042, 9092, 9093,
  11211, 26257, 27017, 50051,
])
const PRIVILEGED_BELOW = 1024

/** A published port whose number a variable says, as a service of ours. */
export interface ComposePublishing {
  /** Name of our service. */
  readonly name: string
  /** Name of the compose service. */
  readonly service: string
  readonly variable: string
  readonly port: ComposePort
}

/** The published ports of active services that a variable says, each variable once. */
export function variablePublishings({ services }: ComposeProject): ComposePublishing[] {
  const variables = new Set<string>()
  const names = new Set<string>()
  return services
    .filter(({ active }) => active)
    .flatMap((service) =>
      service.ports.flatMap((port): ComposePublishing[] => {
        const { variable } = port
        if (variable === undefined || variables.has(variable)) return []
        variables.add(variable)
        const name = nameFor(service, port, names)
        names.add(name)
        return [{ name, service: service.name, variable, port }]
      }),
    )
}

/** What is in the container may be a page or an API, as far as its port says. */
export function speaksHttp({ containerPort }: ComposePort): boolean {
  return !NOT_HTTP.has(containerPort)
}

/** The options of those services, to be merged under what a person says of them. */
export function composeServiceOptions(project: ComposeProject): Record<string, ServiceOptions> {
  return Object.fromEntries(
    variablePublishings(project).map(({ name, service, variable, port }) => [
      name,
      optionsFor(service, variable, port, project.directory),
    ]),
  )
}

function nameFor(
  { name }: ComposeService,
  { containerPort }: ComposePort,
  taken: ReadonlySet<string>,
): string {
  const own = kindOf(name) === 'external' ? name : `compose-${name}`
  return taken.has(own) ? `${own}-${containerPort}` : own
}

function optionsFor(
  service: string,
  variable: string,
  port: ComposePort,
  directory: string,
): ServiceOptions {
  const { containerPort, hostPorts, byDefault, hostIp, protocol, file } = port
  // Without a word of anybody's the container's own number is as good as any that may be bound.
  const usual = containerPort < PRIVILEGED_BELOW ? undefined : containerPort
  const preferred = hostPorts?.from ?? byDefault ?? usual
  return {
    ...(preferred !== undefined && { preferred }),
    host: hostIp ?? true,
    protocol,
    env: { port: variable, ...(!speaksHttp(port) && { url: [] }) },
    health: false,
    description: `${service}:${containerPort} of ${relative(directory, file) || file}`,
  }
}

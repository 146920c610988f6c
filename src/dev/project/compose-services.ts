import { relative } from 'node:path'
import { readCompose } from '../../compose/project.ts'
import { composeServiceOptions, speaksHttp, variablePublishings } from '../../compose/services.ts'
import type { ServiceOptions } from '../../types.ts'
import type { Suggestion } from './suggestion.ts'

/**
 * Containers get this long to end, in seconds: less than what is left of a process has before it is
 * killed, which would leave them running.
 */
const STOP_AFTER_S = 3

/**
 * The services of the compose files whose ports a variable says, each started by `docker compose up`.
 * Databases and the like are certain; what speaks HTTP may be the app itself, in a container.
 *
 * @param env What the compose files' variables say, and which of them count.
 */
export function composeSuggestions(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Suggestion[] {
  const project = readCompose({ directory: root, env })
  if (!project) return []
  const options = composeServiceOptions(project)
  const started = new Set<string>()
  return variablePublishings(project).flatMap(({ name, service, port }): Suggestion[] => {
    // Whoever depends on it waits until it listens.
    const { health: _, description: __, ...own } = options[name] ?? {}
    const first = !started.has(service)
    started.add(service)
    const command: ServiceOptions = first
      ? { command: `docker compose up -t ${STOP_AFTER_S} ${service}` }
      : {}
    return [
      {
        name,
        options: { ...command, ...own },
        seenBy: `${service}:${port.containerPort} of ${relative(root, port.file) || port.file}`,
        sure: !speaksHttp(port),
      },
    ]
  })
}

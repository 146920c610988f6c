import { relative } from 'node:path'
import { readCompose } from '../../compose/project.ts'
import { startedPorts } from '../../compose/started.ts'
import type { Suggestion } from './suggestion.ts'

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
  return startedPorts(project).map(({ name, service, port, sure, options }): Suggestion => {
    // Said by what it was seen by.
    const { description: _, ...written } = options
    const file = relative(root, port.file) || port.file
    return { name, options: written, seenBy: `${service}:${port.containerPort} of ${file}`, sure }
  })
}

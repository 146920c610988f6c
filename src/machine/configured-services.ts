import { readCompose } from '../compose/project.ts'
import { underneath } from '../config/with-compose.ts'
import { composeServiceOptions } from '../compose/services.ts'
import { findConfigFile } from '../config/find.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { ResolvedService } from '../options/resolved.ts'

/**
 * The services that the config file and the compose files of `root` name; none without them, and
 * then nothing is loaded for it.
 *
 * @throws PortsOptionError for a config file that is wrong.
 */
export async function configuredServices(root: string): Promise<readonly ResolvedService[]> {
  const project = readCompose({ directory: root, env: {} })
  const composed = project
    ? resolveOptions(underneath({}, project, composeServiceOptions(project)).options).services
    : ([] as ResolvedService[])
  if (findConfigFile(root).file === undefined) return composed
  const { programOptions } = await import('../config/effective-options.ts')
  const { services } = (await programOptions({}, root)).options
  return [...services, ...composed.filter(({ name }) => !services.some((own) => own.name === name))]
}

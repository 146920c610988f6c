import { findConfigFile } from '../config/find.ts'
import type { ResolvedService } from '../options/resolved.ts'

/**
 * The services that the config file of `root` names; none without a file, and then nothing is
 * loaded for it.
 *
 * @throws PortsOptionError for a file that is wrong.
 */
export async function configuredServices(root: string): Promise<readonly ResolvedService[]> {
  if (findConfigFile(root) === undefined) return []
  const { programOptions } = await import('../config/effective-options.ts')
  return (await programOptions({}, root)).options.services
}

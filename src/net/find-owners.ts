import type { Endpoint } from './endpoint.ts'
import type { FindPortOwnersOptions, PortOwner } from './owners/index.ts'

/**
 * {@link findPortOwners}, loaded when it is asked for the first time. Where it can't be loaded, as no
 * more files may be open, nobody can tell, as on a system that doesn't say. Never rejects.
 */
export async function findOwners<E extends Endpoint>(
  endpoints: readonly E[],
  options?: FindPortOwnersOptions,
): Promise<Map<E, PortOwner[]>> {
  try {
    const { findPortOwners } = await import('./owners/index.ts')
    return await findPortOwners(endpoints, options)
  } catch {
    // Whose a port is helps to explain; whether it is free is found out in another way.
    return new Map()
  }
}

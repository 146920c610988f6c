import type { ResolvedPool, ResolvedService } from '../options/resolved.ts'
import type { LeasePlace } from '../lease/names.ts'

/**
 * What to say of pools that are nearly full, before the next service finds no port in them. Only
 * pools that `services` refer to are looked at, and one that this root alone fills is as it was
 * meant to be. Costs one look at the machine's listeners.
 *
 * @param own The ports that this root has.
 */
export async function poolWarnings(
  pools: readonly ResolvedPool[],
  services: readonly ResolvedService[],
  own: readonly number[],
  place: LeasePlace,
): Promise<string[]> {
  const used = pools.filter(({ name }) => services.some(({ pool }) => pool === name))
  if (used.length === 0) return []
  const { measure } = await import('../reservation/utilisation.ts')
  const measured = await measure(used, place)
  return measured
    .filter(({ range: [from, to], share, warnAt, reserved, inUseByOthers }) => {
      const mine = own.filter((port) => port >= from && port <= to).length
      return share >= warnAt && reserved + inUseByOthers > mine
    })
    .map(({ name, range, share, reserved, inUseByOthers, free }) => {
      const percent = Math.floor(share * 100)
      return `pool "${name}" (${range.join('-')}) is ${percent}% full: ${reserved} reserved, ${inUseByOthers} in use by others, ${free} free. Widen it, or release what nobody needs.`
    })
}

import type { ResolvedService } from '../options/resolved.ts'
import { gather } from '../utils/gather.ts'
import { isBlock } from './plan.ts'

/** Something that wants a port for a service. */
export interface Chooser {
  readonly plan: { readonly service: ResolvedService }
}

/** What gets its ports in one step: all or none of `blocks`. */
export interface ChoosingStep<T extends Chooser> {
  /** The services of this group; `undefined` for one that stands for itself. */
  readonly group: string | undefined
  /** Services whose ports are in a row stand together; every other one alone. */
  readonly blocks: readonly (readonly T[])[]
}

/**
 * Who chooses when: the higher priority first, else the order given. A group chooses when the first
 * of its services would.
 */
export function choosingOrder<T extends Chooser>(choosers: readonly T[]): ChoosingStep<T>[] {
  const byPriority = choosers.toSorted((a, b) => b.plan.service.priority - a.plan.service.priority)
  const blocks = gather(byPriority, ({ plan: { service } }) =>
    isBlock(service) ? service.instance.of : undefined,
  )
  const steps = gather(blocks, ([first]) => first?.plan.service.group)
  return steps.map((blocks) => ({ group: blocks[0]?.[0]?.plan.service.group, blocks }))
}

import { listLeases } from '../lease/list.ts'
import { removeOrderFile, staleOrderFiles } from '../lease/order-file.ts'
import { forget, type Forgettable, findForgettable } from '../memory/forgettable.ts'
import { recordDirectory } from '../memory/record-file.ts'
import type { Here } from './leases-here.ts'

/** Something in the state directory that nobody needs any more. */
export type Leftover =
  | Forgettable
  /** The token of a process that is gone. */
  | { readonly what: 'token'; readonly path: string; readonly pid: number }

/** One leftover and what became of it. */
export interface Cleaned {
  readonly leftover: Leftover
  /** Why it is still there; absent when it is gone, or was only looked at. */
  readonly problem?: string
}

/** How {@link clean} cleans. */
export interface CleanHow {
  /** Only looks. */
  readonly dry: boolean
  /** Also what no run has used for so long, in milliseconds; `undefined` keeps it. */
  readonly unusedMs: number | undefined
}

/**
 * Removes what is remembered of roots that are gone (and, if wanted, of roots and services that were
 * not used for long), and what processes left that could not clean up. Roots that run now are left
 * alone.
 */
export async function clean({ place }: Here, { dry, unusedMs }: CleanHow): Promise<Cleaned[]> {
  const live = new Set((await listLeases(place)).map(({ root }) => root))
  const directory = recordDirectory(place.stateDir)
  const rules = { now: Date.now(), unusedMs, isLive: (root: string) => live.has(root) }
  const leftovers: Leftover[] = [
    ...findForgettable(directory, rules),
    ...staleOrderFiles(place.stateDir).map(
      ({ path, pid }) => ({ what: 'token', path, pid }) as const,
    ),
  ]
  return leftovers.map((leftover) => {
    const problem = dry ? undefined : remove(leftover)
    return { leftover, ...(problem !== undefined && { problem }) }
  })
}

function remove(leftover: Leftover): string | undefined {
  if (leftover.what !== 'token') return forget(leftover)
  removeOrderFile(leftover.path)
  return undefined
}

import type { LeaseAnswer } from '../lease/answer.ts'
import { listLeases, listOtherLeases } from '../lease/list.ts'
import type { LeasePlace } from '../lease/names.ts'
import { type Checkout, findCheckout, isInside } from '../utils/checkout.ts'

/** The directory from which somebody asks. */
export interface Here {
  readonly cwd: string
  readonly checkout: Checkout
  readonly place: LeasePlace
}

/** What asking from `cwd` means. */
export function hereOf(cwd: string, place: LeasePlace): Here {
  return { cwd, checkout: findCheckout(cwd), place }
}

/** The leases of this checkout's TCP ports. */
export async function leasesHere({ checkout, place }: Here): Promise<LeaseAnswer[]> {
  const leases = await listLeases(place)
  return leases.filter((lease) => lease.checkout === checkout.dir)
}

/** The same with those of UDP ports and socket paths at the end. */
export async function allLeasesHere(here: Here): Promise<LeaseAnswer[]> {
  const [tcp, others] = await Promise.all([leasesHere(here), listOtherLeases(here.place)])
  return [...tcp, ...others.filter((lease) => lease.checkout === here.checkout.dir)]
}

/**
 * Of leases of several roots of one checkout, those of the root that `cwd` is about: the innermost
 * one around it, else the only one below it. All of them when that does not decide.
 */
export function nearestRoot(leases: readonly LeaseAnswer[], cwd: string): LeaseAnswer[] {
  const roots = [...new Set(leases.map(({ root }) => root))]
  const around = roots.filter((root) => isInside(cwd, root))
  const below = roots.filter((root) => isInside(root, cwd))
  const innermost = around.toSorted((a, b) => b.length - a.length)[0]
  const root = innermost ?? (below.length === 1 ? below[0] : undefined)
  return root === undefined ? [...leases] : leases.filter((lease) => lease.root === root)
}

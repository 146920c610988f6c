import type { Balance } from '../../types.ts'

/** How one of several is chosen for each request. */
export interface Balancer {
  readonly balance: Balance
  /** By index; those that are missing count 1. */
  readonly weights: readonly number[]
  /** Gives numbers from 0 to below 1. */
  readonly random: () => number
}

/**
 * Makes a function that chooses one of the present members, by their index among all.
 *
 * @returns `undefined` when none is present.
 */
export function createPicker({
  balance,
  weights,
  random,
}: Balancer): (present: readonly number[]) => number | undefined {
  let last = -1
  switch (balance) {
    case 'priority':
      return (present) => present[0]
    case 'random':
      return (present) => pickWeighted(present, weights, random())
    default:
      return (present) => {
        // The next one after the last, so that one which comes or goes moves nobody else's turn.
        last = present.find((index) => index > last) ?? present[0] ?? -1
        return last < 0 ? undefined : last
      }
  }
}

function pickWeighted(
  present: readonly number[],
  weights: readonly number[],
  chance: number,
): number | undefined {
  const weightOf = (index: number): number => weights[index] ?? 1
  const total = present.reduce((sum, index) => sum + weightOf(index), 0)
  // When only those without weight are left they are better than nobody.
  if (total === 0) return present[Math.floor(chance * present.length)]
  let sum = 0
  return present.find((index) => (sum += weightOf(index)) > chance * total) ?? present.at(-1)
}

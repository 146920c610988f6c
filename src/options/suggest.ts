import leven from 'leven'
import { showValue } from './show.ts'

/** Says where a key that is no option here belongs, as a sentence; `undefined` when it is none anywhere. */
export type MisplacedHint = (key: string) => string | undefined

interface UnknownOption {
  readonly key: string
  readonly value: unknown
  readonly known: readonly string[]
  readonly misplaced: MisplacedHint
}

/** The message for an unknown option: its value, and the likeliest of what was meant. */
export function describeUnknown({ key, value, known, misplaced }: UnknownOption): string {
  const advice = misplaced(key) ?? adviseName(key, known)
  return `unknown option (value: ${showValue(value)}). ${advice}`
}

/** What to write instead of `name`: the nearest of `known`, or all of them. */
export function adviseName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? `Known: ${known.join(', ')}.` : `Did you mean "${nearest}"?`
}

/**
 * The known name that `name` is a slip of the keyboard away from; two letters in the wrong order are
 * one slip.
 *
 * @param most How many slips. Default: two in five letters, and never more than three: `test` for
 * `host` is another word, not a slip.
 */
export function nearestName(
  name: string,
  known: readonly string[],
  most: number = Math.min(3, Math.floor(name.length * 0.4)),
): string | undefined {
  const typed = name.toLowerCase()
  const distances = known.map((word) => ({ word, distance: slips(typed, word.toLowerCase()) }))
  const [nearest] = distances.toSorted((a, b) => a.distance - b.distance)
  return nearest && nearest.distance <= most ? nearest.word : undefined
}

function slips(typed: string, word: string): number {
  const swapped = Array.from({ length: Math.max(0, typed.length - 1) }, (_, at) =>
    [typed.slice(0, at), typed[at + 1], typed[at], typed.slice(at + 2)].join(''),
  )
  return Math.min(leven(typed, word), ...swapped.map((other) => 1 + leven(other, word)))
}

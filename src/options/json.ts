import { isPlainObject } from './plain-object.ts'

/** Deeper than anybody writes by hand, and far from the end of the call stack. */
const MAX_DEPTH = 200
/** An object that is in several places counts in each, as it would be written in each. */
const MAX_VALUES = 100_000

/**
 * Whether JSON can say `value`: no functions, bigints, `NaN`, class instances or cycles in it,
 * and at most 100,000 values.
 *
 * `undefined` as the value of a key counts as the key left out.
 */
export function isJson(value: unknown): boolean {
  let left = MAX_VALUES
  return isJsonWithin(value, [], () => left-- > 0)
}

function isJsonWithin(
  value: unknown,
  ancestors: readonly unknown[],
  mayLook: () => boolean,
): boolean {
  if (!mayLook()) return false
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (ancestors.includes(value) || ancestors.length > MAX_DEPTH) return false
  const inner = [...ancestors, value]
  if (Array.isArray(value)) return value.every((item) => isJsonWithin(item, inner, mayLook))
  if (!isPlainObject(value)) return false
  return Object.values(value).every(
    (item) => item === undefined || isJsonWithin(item, inner, mayLook),
  )
}

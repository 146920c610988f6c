import { isPlainObject } from './plain-object.ts'

/** Deeper than anybody writes by hand, and far from the end of the call stack. */
const MAX_DEPTH = 200

/**
 * Whether JSON can say `value`: no functions, bigints, `NaN`, class instances or cycles in it.
 *
 * `undefined` as the value of a key counts as the key left out.
 */
export function isJson(value: unknown, ancestors: readonly unknown[] = []): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (ancestors.includes(value) || ancestors.length > MAX_DEPTH) return false
  const inner = [...ancestors, value]
  if (Array.isArray(value)) return value.every((item) => isJson(item, inner))
  if (!isPlainObject(value)) return false
  return Object.values(value).every((item) => item === undefined || isJson(item, inner))
}

/** Whether `value` is an object literal, whichever realm it was made in. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Config loaders may evaluate the config in a realm with an `Object` of its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

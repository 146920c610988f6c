import { inspect } from 'node:util'

/** Longest text of a value in a message, in UTF-16 code units. */
const MAX_SHOWN = 60

/**
 * A value as one short line for a message.
 *
 * Strings are quoted as in JSON. Runs no code of the value's own where that can be avoided, and
 * never throws: functions, bigints, cycles and objects with throwing getters all give something.
 */
export function showValue(value: unknown): string {
  return shorten(typeof value === 'string' ? quote(value) : inspectSafely(value))
}

/**
 * Where an option stands, as one would write it in JavaScript: `services["auth-api"].preferred[1]`.
 *
 * @returns `'options'` for the options object itself.
 */
export function showPath(keys: readonly (string | number)[]): string {
  const [first, ...rest] = keys
  if (first === undefined) return 'options'
  const start = isIdentifier(first) ? String(first) : `options${subscript(first)}`
  return start + rest.map((key) => (isIdentifier(key) ? `.${key}` : subscript(key))).join('')
}

function subscript(key: string | number): string {
  return typeof key === 'number' ? `[${key}]` : `[${showValue(key)}]`
}

function isIdentifier(key: string | number): boolean {
  return typeof key === 'string' && key.length <= MAX_SHOWN && /^[A-Za-z_$][\w$]*$/.test(key)
}

function quote(text: string): string {
  // Cut first: a config may hold a whole file by mistake.
  const start = text.slice(0, MAX_SHOWN)
  return text.length > MAX_SHOWN ? JSON.stringify(start).slice(0, -1) + '…"' : JSON.stringify(start)
}

function inspectSafely(value: unknown): string {
  try {
    return inspect(value, {
      depth: 1,
      customInspect: false,
      breakLength: Number.POSITIVE_INFINITY,
      compact: true,
      maxArrayLength: 5,
      maxStringLength: MAX_SHOWN,
    }).replaceAll(/\s*\n\s*/g, ' ')
  } catch {
    // Reading `constructor` or a tag threw. The message is about where the value stands anyway.
    return `[${typeof value}]`
  }
}

function shorten(shown: string): string {
  return shown.length > MAX_SHOWN + 3 ? `${shown.slice(0, MAX_SHOWN)}…` : shown
}

import { custom, type GenericSchema, lazy, object, optional } from 'valibot'
import { isPlainObject } from './plain-object.ts'
import { showValue } from './show.ts'
import { describeUnknown, type MisplacedHint } from './suggest.ts'

/**
 * A schema that takes the values `accepts` says yes to, for any other value with the message `problem`.
 *
 * The message stands behind the path and a colon.
 */
export function leaf(
  accepts: (value: unknown) => boolean,
  problem: (value: unknown) => string,
): GenericSchema {
  return custom(accepts, (issue) => problem(issue.input))
}

/** A schema that no value satisfies. */
export function refuse(problem: (value: unknown) => string): GenericSchema {
  return leaf(() => false, problem)
}

/**
 * An object in which each key has the schema that `schemaOf` gives for it.
 *
 * valibot's own `strictObject` reports the first unknown key only, and its `record` skips
 * `__proto__` and `constructor` without a word; here every key that was written is answered.
 */
export function keyed(expected: string, schemaOf: (key: string) => GenericSchema): GenericSchema {
  return lazy((input) =>
    isPlainObject(input)
      ? object(Object.fromEntries(Object.keys(input).map((key) => [key, schemaOf(key)])))
      : refuse((value) => `${showValue(value)} is not an object; expected ${expected}.`),
  )
}

/**
 * An object with the options in `entries`, each of which may be left out or be `undefined`.
 *
 * @param misplaced What to say of a key that is an option elsewhere.
 * @param others The schema of keys that people choose themselves; `undefined` for unknown ones.
 */
export function optionTable(
  expected: string,
  entries: Record<string, GenericSchema>,
  misplaced: MisplacedHint = () => undefined,
  others: (key: string) => GenericSchema | undefined = () => undefined,
): GenericSchema {
  const known = Object.keys(entries)
  return keyed(expected, (key) => {
    const entry = Object.hasOwn(entries, key) ? entries[key] : others(key)
    return entry
      ? optional(entry)
      : refuse((value) => describeUnknown({ key, value, known, misplaced }))
  })
}

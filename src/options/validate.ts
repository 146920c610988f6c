import { type GenericSchema, safeParse } from 'valibot'
import { PortsOptionError } from '../errors.ts'
import type { Options } from '../types.ts'
import { optionsSchema } from './schema.ts'
import { showPath } from './show.ts'

/**
 * Checks everything in `input` that can be judged by itself.
 *
 * @returns A copy: getters were read once and keys that nobody checked are not in it.
 * @throws PortsOptionError with one line for each problem.
 */
export function validateOptions(input: unknown): Options {
  // The schema is put together per key, which its type does not show; its tables are checked
  // against the keys of `Options` where they are written.
  return check(optionsSchema(), input) as Options
}

/**
 * Checks `input` against a schema of this folder.
 *
 * @param name Where the value stands, for people. Default: each problem's own path.
 * @returns A copy.
 * @throws PortsOptionError with one line for each problem.
 */
export function check(schema: GenericSchema, input: unknown, name?: string): unknown {
  const result = safeParse(schema, input)
  if (result.success) return result.output
  const lines = result.issues.map(
    ({ path, message }) => `${name ?? showPath((path ?? []).map(keyOf))}: ${message}`,
  )
  throw new PortsOptionError(lines.join('\n'))
}

function keyOf(item: { readonly key: unknown }): string | number {
  return typeof item.key === 'number' ? item.key : String(item.key)
}

import { safeParse } from 'valibot'
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
  const result = safeParse(optionsSchema(), input)
  if (!result.success) {
    throw new PortsOptionError(
      result.issues
        .map(({ path, message }) => `${showPath((path ?? []).map(keyOf))}: ${message}`)
        .join('\n'),
    )
  }
  // The schema is put together per key, which its type does not show; its tables are checked
  // against the keys of `Options` where they are written.
  return result.output as Options
}

function keyOf(item: { readonly key: unknown }): string | number {
  return typeof item.key === 'number' ? item.key : String(item.key)
}

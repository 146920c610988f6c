import { type GenericSchema, safeParse } from 'valibot'
import { PortsOptionError } from '../errors.ts'
import type { Options } from '../types.ts'
import { optionsSchema } from './schema.ts'
import { showPath, showValue } from './show.ts'

/** Problems that are told at once; a list of thousands would only hide the first. */
const MAX_TOLD = 50

/** One thing that is wrong, and where it stands. */
export interface OptionProblem {
  /** From the outside in; empty for the options themselves. */
  readonly path: readonly (string | number)[]
  /** A sentence to stand behind the path and a colon. */
  readonly message: string
}

/** The value with every key checked, or all that is wrong with it. */
export type OptionCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly OptionProblem[] }

/**
 * Checks everything in `input` that can be judged by itself.
 *
 * @returns A copy: getters were read once and keys that nobody checked are not in it.
 * @throws PortsOptionError with one line for each problem.
 */
export function validateOptions(input: unknown): Options {
  // The schema is put together per key, which its type does not show; its tables are checked
  // against the keys of `Options` where they are written.
  return checked(checkAgainst(optionsSchema(), input)) as Options
}

/**
 * The value of a check.
 *
 * @param at Where the value stands, for the messages.
 * @throws PortsOptionError with one line for each problem.
 */
export function checked(check: OptionCheck, at: readonly (string | number)[] = []): unknown {
  if (check.ok) return check.value
  const { problems } = check
  const lines = problems
    .slice(0, MAX_TOLD)
    .map(({ path, message }) => `${showPath([...at, ...path])}: ${message}`)
  if (problems.length > MAX_TOLD) lines.push(`and ${problems.length - MAX_TOLD} more.`)
  throw new PortsOptionError(lines.join('\n'))
}

/** The same for a schema of the caller's choice; never throws. */
export function checkAgainst(schema: GenericSchema, input: unknown): OptionCheck {
  let result: ReturnType<typeof safeParse>
  try {
    result = safeParse(schema, input)
  } catch (error) {
    // A getter or a proxy that throws, or more levels than the call stack has.
    return { ok: false, problems: [{ path: [], message: `can't be read: ${reasonOf(error)}.` }] }
  }
  if (result.success) return { ok: true, value: result.output }
  const problems = result.issues.map(({ path, message }) => ({
    path: (path ?? []).map(keyOf),
    message,
  }))
  return { ok: false, problems }
}

function reasonOf(error: unknown): string {
  return showValue(error instanceof Error ? error.message : error)
}

function keyOf(item: { readonly key: unknown }): string | number {
  return typeof item.key === 'number' ? item.key : String(item.key)
}

import { type GenericSchema, lazy } from 'valibot'
import { keyed, leaf, refuse } from './keyed.ts'
import { isPlainObject } from './plain-object.ts'
import { showValue } from './show.ts'
import { oneOrMany } from './values.ts'

const NOTHING_TO_FORWARD = 'leave "proxy" out to forward nothing.'

/** The schema of a service's `proxy`: a context, a list of them, or contexts with the bundler's options. */
export function proxySchema(service: string): GenericSchema {
  if (service === 'dev') {
    return refuse(() => 'the dev server cannot forward to itself; set it on the other service.')
  }
  const context = leaf((value) => contextProblem(value) === undefined, describeContext)
  const list = oneOrMany(context, NOTHING_TO_FORWARD)
  const table = keyed('paths with their options', (key) =>
    contextProblem(key) === undefined ? ruleSchema() : refuse(() => describeContext(key)),
  )
  return lazy((value) => {
    if (!isPlainObject(value)) return list
    if (Object.keys(value).length > 0) return table
    return refuse(() => `an empty object; ${NOTHING_TO_FORWARD}`)
  })
}

function ruleSchema(): GenericSchema {
  return leaf(
    (value) => value === true || isPlainObject(value),
    (value) =>
      `${showValue(value)} is no proxy setting; expected true or an object with the bundler's proxy options.`,
  )
}

function describeContext(value: unknown): string {
  return `${showValue(value)} is ${contextProblem(value) ?? 'a path'}.`
}

function contextProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[/^]/.test(value)) {
    return 'no path; expected one that begins with "/", or a regular expression that begins with "^"'
  }
  // Bundlers compile it at the first request, far from the line it was written on.
  return value.startsWith('^') && !compiles(value) ? 'no valid regular expression' : undefined
}

function compiles(pattern: string): boolean {
  try {
    RegExp(pattern)
    return true
  } catch {
    return false
  }
}

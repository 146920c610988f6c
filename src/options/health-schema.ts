import { type GenericSchema, lazy } from 'valibot'
import type { HealthOptions } from '../types.ts'
import { leaf, optionTable } from './keyed.ts'
import { isPlainObject } from './plain-object.ts'
import { showValue } from './show.ts'
import { oneOrMany, wholeNumber } from './values.ts'

/** Probes that come faster than this would be a load. */
const MIN_INTERVAL_MS = 100
/** Longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1
const TYPES = ['tcp', 'http', 'ws', 'hmr', 'udp']

/** The schema of a service's `health`: a boolean, a path, or the options of a probe. */
export function healthSchema(): GenericSchema {
  const entries = {
    type: leaf(
      (value) => typeof value === 'function' || TYPES.includes(value as string),
      (value) =>
        `${showValue(value)} is no type of probe; expected ${TYPES.map((type) => `"${type}"`).join(', ')} or a function.`,
    ),
    path: pathValue(),
    status: oneOrMany(
      wholeNumber('status', 100, 599),
      'leave "status" out for everything below 500.',
    ),
    intervalMs: wholeNumber('interval in milliseconds', MIN_INTERVAL_MS, MAX_TIMER_MS),
    timeoutMs: wholeNumber('time in milliseconds', 1, MAX_TIMER_MS),
    healthyAfter: wholeNumber('number of probes', 1, 1000),
    unhealthyAfter: wholeNumber('number of probes', 1, 1000),
  } satisfies Record<keyof HealthOptions, GenericSchema>
  const table = optionTable('the options of a probe', entries)
  const path = pathValue()
  return lazy((value) => {
    if (typeof value === 'string') return path
    if (isPlainObject(value)) return table
    return leaf(
      (value) => typeof value === 'boolean',
      (value) =>
        `${showValue(value)} is no health setting; expected true, false, a path such as "/healthz" or an object.`,
    )
  })
}

function pathValue(): GenericSchema {
  return leaf(
    (value) => typeof value === 'string' && /^\/[^\s]*$/.test(value),
    (value) => `${showValue(value)} is no path; expected one that begins with "/".`,
  )
}

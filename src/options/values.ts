import { isIPv6 } from 'node:net'
import { array, type GenericSchema, lazy, nonEmpty, pipe } from 'valibot'
import { isJson } from './json.ts'
import { leaf } from './keyed.ts'
import { isVariableName } from './names.ts'
import { isPlainObject } from './plain-object.ts'
import { isPort, MAX_PORT, MIN_PORT, parseRange } from './ranges.ts'
import { showValue } from './show.ts'

/** Ports that one service may ask for with `count`. */
const MAX_COUNT = 100

/** `true` or `false`. */
export function booleanValue(): GenericSchema {
  return leaf(isBoolean, (value) => `${showValue(value)} is no boolean; expected true or false.`)
}

/** A string with at least one character; `expected` says what it stands for. */
export function textValue(expected: string): GenericSchema {
  return leaf(isText, (value) => `${showValue(value)} is no text; expected ${expected}.`)
}

/** One line for people. */
export function lineValue(): GenericSchema {
  return leaf(
    (value) => isText(value) && !/[\r\n]/.test(value),
    (value) => `${showValue(value)} is no line of text; expected a string without line breaks.`,
  )
}

/** A port by number. `whenZero` says how to get any free port in this place. */
export function portValue(whenZero?: string): GenericSchema {
  return leaf(isPort, (value) => describeNoPort(value, whenZero))
}

/** One of `values`; `what` is what they are. */
export function oneOf(values: readonly string[], what: string): GenericSchema {
  const known = values.map((value) => `"${value}"`).join(', ')
  return leaf(
    (value) => typeof value === 'string' && values.includes(value),
    (value) => `${showValue(value)} is no ${what}; expected ${known}.`,
  )
}

/** The name of an order in which ranges are tried. */
export function strategyValue(): GenericSchema {
  return oneOf(['sequential', 'random', 'hash'], 'strategy')
}

/** What a service listens on. */
export function protocolValue(): GenericSchema {
  return oneOf(['tcp', 'udp', 'unix'], 'protocol')
}

/** An object that survives JSON. */
export function metadataValue(): GenericSchema {
  return leaf(
    (value) => isPlainObject(value) && isJson(value),
    (value) => `${showValue(value)} is no metadata; expected an object that JSON can say.`,
  )
}

/** Any finite number. */
export function priorityValue(): GenericSchema {
  return leaf(
    (value) => typeof value === 'number' && Number.isFinite(value),
    (value) => `${showValue(value)} is no priority; expected a number, the higher chooses first.`,
  )
}

/** How many ports may be asked for at once. */
export function countValue(most: number = MAX_COUNT): GenericSchema {
  return leaf(
    (value) => isWithin(value, 1, most) && Number.isInteger(value),
    (value) => `${showValue(value)} is no count; expected a whole number from 1 to ${most}.`,
  )
}

/** A share: above 0 and up to 1. */
export function shareValue(): GenericSchema {
  return leaf(
    (value) => isWithin(value, Number.MIN_VALUE, 1),
    (value) => `${showValue(value)} is no share; expected a number above 0 and up to 1.`,
  )
}

/** `[from, to]` or `'from-to'`. */
export function rangeValue(): GenericSchema {
  return leaf(
    (value) => parseRange(value) !== undefined,
    (value) =>
      `${showValue(value)} is not a range; expected [from, to] or "from-to" with ${MIN_PORT} <= from <= to <= ${MAX_PORT}.`,
  )
}

/** A bind address, or a boolean as in the bundlers' own `host`. */
export function hostValue(): GenericSchema {
  return leaf(
    (value) => isBoolean(value) || isHost(value),
    (value) =>
      `${showValue(value)} is no host; expected a name or an IP address without scheme, port or brackets, or true for all interfaces.`,
  )
}

/** The name of an environment variable. */
export function variableValue(): GenericSchema {
  return leaf(
    (value) => typeof value === 'string' && isVariableName(value),
    (value) =>
      `${showValue(value)} is no variable name; expected letters, digits and "_", not beginning with a digit.`,
  )
}

/** An `item`, or a list of them that is not empty; `whenEmpty` says what to write instead. */
export function oneOrMany(item: GenericSchema, whenEmpty: string): GenericSchema {
  const list = pipe(array(item), nonEmpty(`an empty list; ${whenEmpty}`))
  return lazy((value) => (Array.isArray(value) ? list : item))
}

/** Why `value` is no port, and what to write instead. */
function describeNoPort(value: unknown, whenZero: string | undefined): string {
  const shown = showValue(value)
  if (value === 0 && whenZero !== undefined) return `${shown} is no port; ${whenZero}`
  if (typeof value === 'string') {
    const number = /^\s*\d+\s*$/.test(value) ? Number(value) : undefined
    if (isPort(number)) return `${shown} is a string; write the number ${number}.`
    if (parseRange(value)) return `${shown} is a range, not a port; put it in "range".`
  }
  return `${shown} is no port; expected a whole number from ${MIN_PORT} to ${MAX_PORT}.`
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isHost(value: unknown): boolean {
  return isText(value) && (isIPv6(value) || !/[\s/[\]:]/.test(value))
}

/** What is done when somebody else has a reserved port. */
export function conflictValue(): GenericSchema {
  return oneOf(['warn', 'move', 'fail'], 'onConflict')
}

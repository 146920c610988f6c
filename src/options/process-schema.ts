import { array, type GenericSchema, lazy } from 'valibot'
import type { RestartOptions, ServiceOptions } from '../types.ts'
import { leaf, optionTable } from './keyed.ts'
import { isPlainObject } from './plain-object.ts'
import { showValue } from './show.ts'
import { oneOf, oneOrMany, textValue, wholeNumber } from './values.ts'

/** Longest time that a timer can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1
const MAX_RETRIES = 1000

type ProcessOption = 'command' | 'cwd' | 'dependsOn' | 'restart' | 'profiles'

/** The schemas of everything that says how a service's server is started. */
export function processEntries(): Record<ProcessOption, GenericSchema> {
  return {
    command: commandSchema(),
    cwd: textValue('the path of a directory'),
    dependsOn: oneOrMany(textValue('the name of a service'), 'leave "dependsOn" out for none.'),
    restart: restartSchema(),
    profiles: oneOrMany(textValue('the name of a profile'), 'leave "profiles" out for none.'),
  } satisfies Partial<Record<keyof ServiceOptions, GenericSchema>>
}

function commandSchema(): GenericSchema {
  const words = array(
    leaf(
      (value) => typeof value === 'string',
      (value) => `${showValue(value)} is no argument; expected a string.`,
    ),
  )
  return lazy((value) =>
    Array.isArray(value) && typeof value[0] === 'string' && value[0] !== ''
      ? words
      : leaf(
          (value) => typeof value === 'string' && value.trim() !== '',
          (value) =>
            `${showValue(value)} is no command; expected a line for the shell, or a list of a program and its arguments.`,
        ),
  )
}

function restartSchema(): GenericSchema {
  const entries = {
    when: oneOf(['on-failure', 'always'], 'occasion'),
    maxRetries: wholeNumber('number of starts', 0, MAX_RETRIES),
    delayMs: wholeNumber('time in milliseconds', 0, MAX_TIMER_MS),
    maxDelayMs: wholeNumber('time in milliseconds', 0, MAX_TIMER_MS),
    resetAfterMs: wholeNumber('time in milliseconds', 0, MAX_TIMER_MS),
  } satisfies Record<keyof RestartOptions, GenericSchema>
  const table = optionTable('the options of a restart', entries)
  const plain = leaf(
    (value) => value === false || value === 'on-failure' || value === 'always',
    (value) =>
      `${showValue(value)} is no restart setting; expected "on-failure", "always", false or an object.`,
  )
  return lazy((value) => (isPlainObject(value) ? table : plain))
}

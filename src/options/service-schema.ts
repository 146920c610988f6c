import { array, type GenericSchema, lazy } from 'valibot'
import type { ServiceEnvNames, ServiceOptions } from '../types.ts'
import { healthSchema } from './health-schema.ts'
import { leaf, optionTable, refuse } from './keyed.ts'
import { isPlainObject } from './plain-object.ts'
import { withProtocolRules } from './protocol-rules.ts'
import { proxySchema } from './proxy-schema.ts'
import { showValue } from './show.ts'
import { balanceEntries } from './upstream-schema.ts'
import {
  booleanValue,
  countValue,
  hostValue,
  lineValue,
  metadataValue,
  conflictValue,
  oneOf,
  oneOrMany,
  portValue,
  priorityValue,
  protocolValue,
  rangeValue,
  strategyValue,
  textValue,
  variableValue,
} from './values.ts'

/** Keys of other tools, and of the top level, that people write into a service. */
const MISPLACED: Record<string, string> = {
  port: 'Did you mean "preferred"?',
  ports: 'Did you mean "preferred"?',
  strictPort: 'Did you mean "strict"?',
  exclude: 'It is a top-level option, for all services.',
  services: 'Services do not nest.',
  pools: 'It is a top-level option; a service names one of them with "pool".',
  summary: 'It is a top-level option, for all services.',
}

/** The schema of one entry of `services`: options, a port, or a boolean. */
export function serviceSchema(name: string): GenericSchema {
  return lazy((value) => {
    if (typeof value === 'boolean') return booleanValue()
    if (typeof value === 'number') return portValue('write true to get any free port.')
    // A port or range in quotes has an answer of its own.
    if (typeof value === 'string' && /^[\d\s-]+$/.test(value)) return portValue()
    if (isPlainObject(value)) return serviceTable(name, value)
    return refuse(
      () =>
        `${showValue(value)} is no service; expected an object with its options, a port, true or false.`,
    )
  })
}

/** Why `name` can't be the name of a service; `undefined` when it can. */
export function serviceNameProblem(name: string): string | undefined {
  const shown = showValue(name)
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    return `${shown} is no service name; expected letters (a-z), digits, "-", "_" and ".".`
  }
  // Elsewhere services are looked up by name in plain objects, which answer to these names too.
  return name in Object.prototype
    ? `${shown} is a name that every JavaScript object has; choose another.`
    : undefined
}

/** The option of a service that `key` is, or that people mean by it; `undefined` for none. */
export function serviceOptionFor(key: string): string | undefined {
  if (key === 'port') return 'preferred'
  return Object.hasOwn(serviceEntries(''), key) ? key : undefined
}

function serviceTable(name: string, value: Record<string, unknown>): GenericSchema {
  const entries = withProtocolRules(name, value, {
    ...serviceEntries(name),
    ...balanceEntries(value),
  })
  return optionTable('the options of a service', entries, (key) =>
    Object.hasOwn(MISPLACED, key) ? MISPLACED[key] : undefined,
  )
}

function serviceEntries(name: string) {
  return {
    preferred: oneOrMany(
      portValue('leave "preferred" out to get any free port.'),
      'leave "preferred" out to get any free port.',
    ),
    range: rangeValue(),
    pool: textValue('the name of a pool'),
    strategy: strategyValue(),
    priority: priorityValue(),
    count: countValue(),
    contiguous: booleanValue(),
    group: textValue('a name that several services share'),
    protocol: protocolValue(),
    path: textValue('the path of a socket'),
    sticky: booleanValue(),
    host: hostValue(),
    strict: booleanValue(),
    required: booleanValue(),
    env: envNamesSchema(),
    proxy: proxySchema(name),
    health: healthSchema(),
    identity: oneOf(['refuse', 'warn', 'off'], 'identity'),
    onConflict: conflictValue(),
    ...balanceEntries({}),
    separate: separateSchema(name),
    description: lineValue(),
    metadata: metadataValue(),
  } satisfies Record<keyof ServiceOptions, GenericSchema>
}

function separateSchema(name: string): GenericSchema {
  if (name === 'hmr') return booleanValue()
  return lazy((value) =>
    value === true
      ? refuse(() => 'true is for "hmr" alone; every other service has a port of its own anyway.')
      : booleanValue(),
  )
}

function envNamesSchema(): GenericSchema {
  const names = oneOrMany(variableValue(), 'write false for no variables.')
  // In the object a key stands for itself, so an empty list can only mean "none of these".
  const namesOrNone = lazy((value) =>
    Array.isArray(value) ? array(variableValue()) : variableValue(),
  )
  const entries = {
    port: namesOrNone,
    url: namesOrNone,
    target: namesOrNone,
  } satisfies Record<keyof ServiceEnvNames, GenericSchema>
  const table = optionTable('names for port, url and target', entries)
  return lazy((value) => {
    if (typeof value === 'string' || Array.isArray(value)) return names
    if (isPlainObject(value)) return table
    return leaf(
      (value) => value === false,
      (value) =>
        `${showValue(value)} is no variable name; expected names, an object with port, url and target, or false.`,
    )
  })
}

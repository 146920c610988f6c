import { array, type GenericSchema, lazy } from 'valibot'
import type { EnvOptions, Options, PoolOptions, PortsConfig } from '../types.ts'
import { keyed, leaf, optionTable, refuse } from './keyed.ts'
import { isPlainObject } from './plain-object.ts'
import { serviceNameProblem, serviceOptionFor, serviceSchema } from './service-schema.ts'
import { showValue } from './show.ts'
import {
  booleanValue,
  hostValue,
  lineValue,
  conflictValue,
  oneOf,
  portValue,
  rangeValue,
  shareValue,
  strategyValue,
  textValue,
  variableValue,
} from './values.ts'

/** The schema of everything that `ports()` takes. Built anew on each call: most programs need it once or never. */
export function optionsSchema(): GenericSchema {
  return optionTable('the options of ports()', optionEntries(), hintAtService)
}

/** The schema of what a config file says. */
export function configSchema(): GenericSchema {
  const entries = {
    ...optionEntries(),
    packages: keyed('directories with their options', packageSchema),
  } satisfies Record<keyof PortsConfig, GenericSchema>
  return optionTable('the options of ports()', entries, hintAtService)
}

function optionEntries() {
  return {
    services: keyed('service names with their options', namedServiceSchema),
    host: hostValue(),
    exclude: excludeSchema(),
    strict: booleanValue(),
    strategy: strategyValue(),
    pools: keyed('pool names with their ranges', poolSchema),
    layout: oneOf(['standard'], 'layout'),
    sticky: booleanValue(),
    onConflict: conflictValue(),
    compose: composeSchema(),
    statusPage: booleanValue(),
    titlePrefix: booleanValue(),
    notice: booleanValue(),
    env: envFileSchema(),
    summary: leaf(
      (value) => typeof value === 'boolean' || value === 'full',
      (value) => `${showValue(value)} is no summary; expected true, false or "full".`,
    ),
    root: textValue('the path of a directory'),
  } satisfies Record<keyof Options, GenericSchema>
}

function packageSchema(path: string): GenericSchema {
  if (/^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)|\\/.test(path) || path === '') {
    return refuse(
      () =>
        `${showValue(path)} is no directory below the config file; expected a path such as "apps/web" or "apps/*".`,
    )
  }
  return optionsSchema()
}

function poolSchema(): GenericSchema {
  const entries = {
    range: rangeValue(),
    description: lineValue(),
    warnAt: shareValue(),
  } satisfies Record<keyof PoolOptions, GenericSchema>
  const table = optionTable('range, description and warnAt', entries)
  return lazy((value) => {
    if (!isPlainObject(value)) return rangeValue()
    return value.range === undefined ? refuse(() => 'a pool without "range".') : table
  })
}

function namedServiceSchema(name: string): GenericSchema {
  const problem = serviceNameProblem(name)
  return problem === undefined ? serviceSchema(name) : refuse(() => problem)
}

function excludeSchema(): GenericSchema {
  return lazy((value) =>
    Array.isArray(value)
      ? array(lazy(excludedSchema))
      : refuse(
          () =>
            `${showValue(value)} is no list; expected ports and ranges such as [3005, "4000-4099"].`,
        ),
  )
}

function excludedSchema(value: unknown): GenericSchema {
  if (typeof value === 'number') return portValue()
  // A port in quotes is told from a range that went wrong.
  if (typeof value === 'string') return /^\d+$/.test(value) ? portValue() : rangeValue()
  if (Array.isArray(value)) return rangeValue()
  return refuse(() => `${showValue(value)} is neither a port nor a range.`)
}

function envFileSchema(): GenericSchema {
  const entries = {
    file: textValue('the path of a file'),
    prefix: variableValue(),
  } satisfies Record<keyof EnvOptions, GenericSchema>
  const table = optionTable('file and prefix, or a boolean', entries)
  const boolean = booleanValue()
  return lazy((value) => (typeof value === 'boolean' ? boolean : table))
}

function composeSchema(): GenericSchema {
  const [boolean, path] = [booleanValue(), textValue('a boolean, or the path of a compose file')]
  return lazy((value) => (typeof value === 'boolean' ? boolean : path))
}

function hintAtService(key: string): string | undefined {
  if (key === 'packages') return 'It belongs into a ports.config file at the root of the workspace.'
  const option = serviceOptionFor(key)
  return option && `It is an option of a service: services.<name>.${option}.`
}

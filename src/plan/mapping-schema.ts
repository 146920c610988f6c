import { type GenericSchema, lazy } from 'valibot'
import { keyed, leaf, optionTable, refuse } from '../options/keyed.ts'
import { isPlainObject } from '../options/plain-object.ts'
import { serviceNameProblem } from '../options/service-schema.ts'
import { showValue } from '../options/show.ts'
import {
  hostValue,
  lineValue,
  metadataValue,
  portValue,
  protocolValue,
  textValue,
} from '../options/values.ts'
import type { MappedService, PortMapping } from './mapping.ts'

/** The schema of a `PortMapping`. */
export function mappingSchema(): GenericSchema {
  const entries = {
    version: leaf(
      (value) => value === 1,
      (value) =>
        typeof value === 'number' && value > 1
          ? `${showValue(value)} was written by a newer version; expected 1.`
          : `${showValue(value)} is no version of a mapping; expected 1.`,
    ),
    root: textValue('the path of a directory'),
    services: keyed('service names with their ports', namedServiceSchema),
  } satisfies Record<keyof PortMapping, GenericSchema>
  return needing(['version', 'services'], 'a mapping', optionTable('a mapping of ports', entries))
}

function namedServiceSchema(name: string): GenericSchema {
  const problem = serviceNameProblem(name)
  return problem === undefined ? lazy(serviceSchema) : refuse(() => problem)
}

function serviceSchema(service: unknown): GenericSchema {
  const isUnix = isPlainObject(service) && service.protocol === 'unix'
  const entries = {
    port: isUnix ? noPort() : portValue(),
    path: textValue('the path of a socket'),
    protocol: protocolValue(),
    host: hostValue(),
    description: lineValue(),
    metadata: metadataValue(),
  } satisfies Record<keyof MappedService, GenericSchema>
  const table = optionTable('port, protocol, host, description and metadata', entries)
  return needing([isUnix ? 'path' : 'port', 'protocol'], 'a service', table)
}

function noPort(): GenericSchema {
  return leaf(
    (value) => value === 0,
    (value) => `${showValue(value)} is no port of a socket; leave it out.`,
  )
}

/** `table`, whose keys may all be left out, with some that may not. */
function needing(keys: readonly string[], what: string, table: GenericSchema): GenericSchema {
  return lazy((value) => {
    const missing = isPlainObject(value) ? keys.find((key) => value[key] === undefined) : undefined
    return missing === undefined ? table : refuse(() => `${what} without "${missing}".`)
  })
}

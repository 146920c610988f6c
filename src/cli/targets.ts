import { MAX_PORT } from '../options/ranges.ts'
import type { Range } from '../options/resolved.ts'
import type { CommandInput } from './input.ts'
import { parsePortArgument, parsePortsArgument } from './values.ts'

/**
 * The arguments as ports and names of services.
 *
 * @throws UsageError for a number that is no port.
 */
export function parseTargets(input: CommandInput): (number | string)[] {
  return input.args.map((arg) => {
    const port = parsePortArgument(arg)
    if (port !== undefined) return port
    // No service's name is a number alone, but somebody may have mistyped a port.
    if (/^:?[\d.,-]+$/.test(arg)) throw noPort(arg, input)
    return arg
  })
}

/**
 * The arguments as ports and ranges of ports.
 *
 * @throws UsageError for anything else.
 */
export function parseRanges(input: CommandInput): Range[] {
  return input.args.map((arg) => {
    const range = parsePortsArgument(arg)
    if (!range) throw noPort(arg, input)
    return range
  })
}

function noPort(arg: string, input: CommandInput): Error {
  return input.mistake(
    `${JSON.stringify(arg)} should be a port from 1 to ${MAX_PORT}, or a range such as 3000-3010.`,
  )
}

import { leaf, optionTable } from '../options/keyed.ts'
import { isPlainObject } from '../options/plain-object.ts'
import { isPort, MAX_PORT, parseRange } from '../options/ranges.ts'
import type { Range } from '../options/resolved.ts'
import { showValue } from '../options/show.ts'
import { checkAgainst, checked } from '../options/validate.ts'
import { booleanValue, countValue, hostValue } from '../options/values.ts'
import type { ProgramRange, ReserveOptions } from './types.ts'

/** Where ports without a service are looked for: above what servers have by default. */
const DEFAULT_RANGE: Range = { from: 15_000, to: MAX_PORT }
const DEFAULT_LABEL = 'anonymous'

/** {@link ReserveOptions} with every default filled in. */
export interface ReserveRequest {
  readonly count: number
  readonly range: Range
  readonly host: string | boolean | undefined
  readonly contiguous: boolean
  readonly label: string
}

let schema: ReturnType<typeof optionTable> | undefined

/** @throws PortsOptionError with one line for each problem. */
export function resolveReserveOptions(options: ReserveOptions = {}): ReserveRequest {
  checked(checkAgainst((schema ??= reserveSchema()), options))
  const { count = 1, range, host, contiguous = false, label = DEFAULT_LABEL } = options
  return { count, range: parseProgramRange(range) ?? DEFAULT_RANGE, host, contiguous, label }
}

function reserveSchema(): ReturnType<typeof optionTable> {
  const entries = {
    count: countValue(MAX_PORT),
    range: leaf((value) => parseProgramRange(value) !== undefined, noRange),
    host: hostValue(),
    contiguous: booleanValue(),
    label: leaf(
      (value) => typeof value === 'string' && /^[\w.-]{1,100}$/.test(value),
      (value) =>
        `${showValue(value)} is no label; expected up to 100 letters (a-z), digits, "-", "_" and ".".`,
    ),
  } satisfies Record<keyof ReserveOptions, unknown>
  return optionTable('count, range, host, contiguous and label', entries)
}

/** `undefined` when `value` is no {@link ProgramRange}. */
function parseProgramRange(value: unknown): Range | undefined {
  if (!isPlainObject(value)) return parseRange(value as ProgramRange | undefined)
  const { from, until, ...rest } = value
  if (!isPort(from) || typeof until !== 'number' || Object.keys(rest).length > 0) return undefined
  return parseRange([from, until - 1])
}

function noRange(value: unknown): string {
  return `${showValue(value)} is no range; expected "from-to" or [from, to] with both ends, or { from, until } without the last one.`
}

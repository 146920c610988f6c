import { leaf, optionTable } from '../options/keyed.ts'
import { isPort } from '../options/ranges.ts'
import { showValue } from '../options/show.ts'
import { checkAgainst, checked } from '../options/validate.ts'
import { oneOf, portValue, textValue } from '../options/values.ts'
import type { WaitOptions } from './types.ts'

/** @throws PortsOptionError when `value` is no port. */
export function checkPort(value: unknown, name = 'port'): void {
  checked(checkAgainst(portValue(), value), [name])
}

/** @throws PortsOptionError when the two are no range. */
export function checkRange(from: unknown, to: unknown): void {
  checkPort(from, 'from')
  const table = leaf(
    (value) => isPort(value) && value >= Number(from),
    (value) => `${showValue(value)} is no last port; expected one from ${from} to 65535.`,
  )
  checked(checkAgainst(table, to), ['to'])
}

/** @throws PortsOptionError with one line for each problem. */
export function checkWaitOptions(options: WaitOptions): void {
  const entries = {
    state: oneOf(['open', 'closed', 'healthy'], 'state'),
    timeoutMs: durationValue(0),
    intervalMs: durationValue(1),
    host: textValue('a host name or an IP address'),
    path: leaf(
      (value) => typeof value === 'string' && /^\/[\u0021-\u007e]*$/.test(value),
      (value) => `${showValue(value)} is no path; expected one that begins with "/".`,
    ),
    signal: leaf(
      (value) => value instanceof AbortSignal,
      (value) => `${showValue(value)} is no AbortSignal.`,
    ),
  } satisfies Record<keyof WaitOptions, unknown>
  checked(checkAgainst(optionTable('the options of waitFor()', entries), options))
}

function durationValue(least: number): ReturnType<typeof leaf> {
  return leaf(
    (value) => typeof value === 'number' && value >= least,
    (value) => `${showValue(value)} is no duration; expected milliseconds from ${least} on.`,
  )
}

import { array, type GenericSchema, lazy, nonEmpty, pipe } from 'valibot'
import { maskSecrets } from '../utils/mask-secrets.ts'
import { leaf, refuse } from './keyed.ts'
import { showValue } from './show.ts'
import { parseUpstream } from './upstreams.ts'
import { oneOf } from './values.ts'

/** The schemas of the options that say which server gets a proxied request. */
export function balanceEntries(
  service: Readonly<Record<string, unknown>>,
): Record<'upstreams' | 'balance' | 'weights', GenericSchema> {
  return {
    upstreams: upstreamsSchema(service.proxy !== undefined),
    balance: oneOf(['round-robin', 'random', 'priority'], 'balance'),
    weights: weightsSchema(service),
  }
}

function upstreamsSchema(proxied: boolean): GenericSchema {
  if (!proxied) {
    return refuse(() => 'nothing is forwarded to this service; say with "proxy" which paths are.')
  }
  const entry = leaf(
    (value) => typeof value === 'string' && parseUpstream(value) !== undefined,
    (value) =>
      `${shown(value)} is no upstream; expected "service", an http or https URL without query, or "srv:" and a name.`,
  )
  const list = pipe(array(entry), nonEmpty('an empty list; leave "upstreams" out for the service.'))
  return lazy((value) =>
    Array.isArray(value)
      ? list
      : refuse(() => `${shown(value)} is no list; expected upstreams in order of preference.`),
  )
}

function weightsSchema({ balance, count }: Readonly<Record<string, unknown>>): GenericSchema {
  if (balance !== 'random') {
    return refuse(() => 'only a random choice has weights; add balance: "random".')
  }
  return leaf(
    (value) =>
      Array.isArray(value) &&
      value.length <= (typeof count === 'number' ? count : 1) &&
      value.every((weight) => Number.isFinite(weight) && weight >= 0) &&
      value.some((weight) => weight > 0),
    (value) =>
      `${showValue(value)} are no weights; expected numbers from 0 on, one for each instance, one of them above 0.`,
  )
}

/** A URL may carry a password. */
function shown(value: unknown): string {
  return showValue(typeof value === 'string' ? maskSecrets([value])[0] : value)
}

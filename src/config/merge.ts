import { isPlainObject } from '../options/plain-object.ts'
import type { EnvOptions, Options, PoolOptions, PortRange, ServiceOptions } from '../types.ts'

type Service = ServiceOptions | number | boolean
type Pool = PortRange | PoolOptions

/**
 * `base` with `over` on top: objects key by key, services and pools in their long form; lists and
 * everything else are replaced. A key with the value `undefined` says nothing.
 *
 * Both have been validated.
 */
export function mergeOptions(base: Options, over: Options): Options {
  const services = mergeTable(base.services, over.services, mergeService)
  const pools = mergeTable(base.pools, over.pools, mergePool)
  const env = mergeEnv(base.env, over.env)
  return {
    ...base,
    ...said(over),
    ...(services && { services }),
    ...(pools && { pools }),
    ...(env !== undefined && { env }),
  }
}

function mergeTable<T>(
  base: Record<string, T> | undefined,
  over: Record<string, T> | undefined,
  merge: (base: T, over: T) => T,
): Record<string, T> | undefined {
  if (!base || !over) return over ?? base
  const merged = new Map(Object.entries(base))
  for (const [name, value] of Object.entries(said(over))) {
    const before = merged.get(name)
    merged.set(name, before === undefined ? value : merge(before, value))
  }
  return Object.fromEntries(merged)
}

function mergeService(base: Service, over: Service): Service {
  if (over === false || base === false) return over
  const [from, to] = [serviceObject(base), serviceObject(over)]
  const merged: ServiceOptions = mergeObjects(from, to)
  // One of the two decides where the ports are, and the newer word counts.
  if (to.pool !== undefined && to.range === undefined) delete merged.range
  if (to.range !== undefined && to.pool === undefined) delete merged.pool
  return merged
}

function serviceObject(service: Service): ServiceOptions {
  if (typeof service === 'number') return { preferred: service }
  return typeof service === 'boolean' ? {} : service
}

function mergePool(base: Pool, over: Pool): Pool {
  return mergeObjects(poolObject(base), poolObject(over))
}

function poolObject(pool: Pool): PoolOptions {
  return typeof pool === 'object' && 'range' in pool ? pool : { range: pool }
}

function mergeEnv(base: Options['env'], over: Options['env']): Options['env'] {
  if (over === undefined) return base
  if (typeof base !== 'object' || over === false) return over
  return over === true ? base : mergeObjects<EnvOptions>(base, over)
}

function mergeObjects<T extends object>(base: T, over: T): T {
  const merged = new Map<string, unknown>(Object.entries(base))
  for (const [key, value] of Object.entries(said(over))) {
    const before = merged.get(key)
    const both = isPlainObject(before) && isPlainObject(value)
    merged.set(key, both ? mergeObjects(before, value) : value)
  }
  return Object.fromEntries(merged) as T
}

function said<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

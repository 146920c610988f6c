import type { Options, ServiceOptions } from '../types.ts'
import type { ServiceInstance } from './resolved.ts'

/** An entry of `services` as an object. */
export function toServiceOptions(service: ServiceOptions | number | boolean): ServiceOptions {
  if (typeof service === 'number') return { preferred: service }
  return typeof service === 'boolean' ? {} : service
}

/** What an entry of `services` stands for: one service that is itself, or one for each of its ports. */
export function instancesOf(
  of: string,
  { count = 1, contiguous = false }: ServiceOptions,
): (ServiceInstance | undefined)[] {
  if (count === 1) return [undefined]
  return Array.from({ length: count }, (_, index) => ({ of, index: index + 1, count, contiguous }))
}

/** Name of the service that has an entry's port of that number, counted from 1: `api`, `api-2`. */
export function instanceName(entry: string, index: number): string {
  return index === 1 ? entry : `${entry}-${index}`
}

/** The entry of `services` that a service belongs to, and its number there: `api-2` to an `api` with `count`. */
export function entryOf(
  name: string,
  services: NonNullable<Options['services']> = {},
): { of: string; index: number } {
  const [, of, digits] = /^(.+)-(\d+)$/.exec(name) ?? []
  const alone = { of: name, index: 1 }
  if (of === undefined || Object.hasOwn(services, name)) return alone
  const { count = 1 } = toServiceOptions(services[of] ?? true)
  const index = Number(digits)
  return index > 1 && index <= count ? { of, index } : alone
}

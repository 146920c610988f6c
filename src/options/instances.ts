import { extname } from 'node:path'
import type { ServiceOptions } from '../types.ts'
import type { ServiceInstance } from './resolved.ts'

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

/** Path of that service's socket: `api.sock`, `api-2.sock`. */
export function instancePath(path: string, index: number): string {
  const extension = extname(path)
  return instanceName(path.slice(0, path.length - extension.length), index) + extension
}

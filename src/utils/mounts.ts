import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

let known: string | undefined

/**
 * Where paths of this process mean something: a machine, and what is mounted for it there. A container
 * and a machine that share a home directory each have paths that the other one has not.
 */
export function mountsHere(): string {
  known ??= `${hostname()}${mountNamespace()}`
  return known
}

function mountNamespace(): string {
  try {
    return ` ${readlinkSync('/proc/self/ns/mnt')}`
  } catch {
    // Only Linux has several.
    return ''
  }
}

import { holderText } from '../reservation/holder-text.ts'
import type { PortHolder } from '../types.ts'
import type { Container } from '../net/owners/containers.ts'
import type { Listener, PortView } from './look-at.ts'

/**
 * Who is on a port, in a few words: `vite in ../shop (main, pid 4121)`, `"api" of ../shop (waiting
 * for its server)`, `container shop-db-1 (postgres:16)`, `nobody`.
 *
 * @param from Directory that paths are shown relative to.
 */
export function portText({ port, lease, listeners, container }: PortView, from: string): string {
  if (container) return containerText(container)
  const owner = listeners.find(({ pid }) => pid !== undefined && pid === lease?.pid)
  const [first] = listeners
  if (first && !owner) return listenerText(port, first, from)
  if (!lease) return 'nobody'
  const { v: _, runs: _r, ...facts } = lease
  return holderText({ ...facts, via: 'lease' }, from)
}

/** A process that listens on a port: `node api.js in ../shop (main, pid 4121)`. */
export function listenerText(port: number, listener: Listener, from: string): string {
  const { startedAt: _, ...facts } = listener
  const holder: PortHolder = { port, via: 'system', ...facts }
  return facts.pid === undefined && !facts.command
    ? "another user's process"
    : holderText(holder, from)
}

/** A container: `container shop-db-1 (postgres:16)`. */
export function containerText({ name, image }: Container): string {
  return `container ${name}${image && ` (${image})`}`
}

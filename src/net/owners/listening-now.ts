import { join } from 'node:path'
import { parseListenRows } from './linux-sockets.ts'
import { readListenTableNow } from './listen-table.ts'

/**
 * Every TCP port that somebody listens on, at any address, in this tick; takes some ten milliseconds.
 * Empty where asking would mean to start a program, or where the tables can't be read.
 */
export function listeningNow(platform: NodeJS.Platform, procRoot = '/proc'): ReadonlySet<number> {
  const ports = new Set<number>()
  if (platform !== 'linux' && platform !== 'android') return ports
  for (const table of ['tcp', 'tcp6']) {
    try {
      const text = readListenTableNow(join(procRoot, 'net', table))
      for (const { port } of parseListenRows(text, undefined)) ports.add(port)
    } catch {
      // Without IPv6 there is no `tcp6`.
    }
  }
  return ports
}

import { readFileSync } from 'node:fs'
import type { Range } from '../options/resolved.ts'

/** IANA's range, which macOS and Windows use. */
const IANA: Range = { from: 49_152, to: 65_535 }
const LINUX_DEFAULT: Range = { from: 32_768, to: 60_999 }

/** Ports that the kernel gives to outgoing connections; one can sit on any of them at any time. */
export function ephemeralRange(
  platform: NodeJS.Platform = process.platform,
  file = '/proc/sys/net/ipv4/ip_local_port_range',
): Range {
  if (platform !== 'linux') return IANA
  try {
    const [from, to] = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number)
    if (from && to && from <= to && to <= 65_535) return { from, to }
  } catch {
    // Not readable in some sandboxes; the default is what nearly every machine has.
  }
  return LINUX_DEFAULT
}

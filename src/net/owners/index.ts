import { collectOwners } from './collect.ts'
import { searchDarwin } from './darwin.ts'
import { searchLinux } from './linux.ts'
import type { OwnerSearch, PortOwner } from './types.ts'
import { searchWindows } from './windows.ts'

export type { PortOwner } from './types.ts'

const searches: Partial<Record<NodeJS.Platform, OwnerSearch>> = {
  linux: (ports, findings, deadline) => searchLinux(ports, findings, deadline),
  darwin: (ports, findings, deadline) => searchDarwin(ports, findings, deadline),
  win32: (ports, findings, deadline) => searchWindows(ports, findings, deadline),
}

/** How {@link findPortOwners} looks. */
export interface FindPortOwnersOptions {
  /** Whose tools are asked. Default: this system's. */
  platform?: NodeJS.Platform
  /**
   * Time for the whole search in milliseconds; then what is known so far is returned.
   *
   * @default 1000
   */
  timeoutMs?: number
}

/**
 * Asks the operating system which processes listen on `ports` (TCP, both families, any address).
 *
 * A socket that several processes share lists all of them, the one that started first (and so made
 * the socket) in front. A listener whose process may not be looked at is an entry without `pid`;
 * macOS does not show other users' listeners at all. Ports nobody listens on are absent, and the
 * map is empty on systems that can't tell. Never throws or rejects.
 */
export async function findPortOwners(
  ports: readonly number[],
  { platform = process.platform, timeoutMs = 1000 }: FindPortOwnersOptions = {},
): Promise<Map<number, PortOwner[]>> {
  const wanted = new Set(ports.filter((port) => Number.isInteger(port) && port > 0 && port < 65536))
  const search = searches[platform]
  if (!search || wanted.size === 0) return new Map()
  return collectOwners(search, wanted, timeoutMs)
}

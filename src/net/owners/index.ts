import { type Endpoint, endpointParts } from '../endpoint.ts'
import { collectOwners } from './collect.ts'
import { searchDarwin, searchDarwinPath } from './darwin.ts'
import { searchLinux, searchLinuxPath } from './linux.ts'
import type { OwnerSearch, PortOwner } from './types.ts'
import { searchWindows } from './windows.ts'

export type { PortOwner } from './types.ts'

/** The searches of one platform. */
interface Searches {
  readonly tcp: OwnerSearch
  readonly udp: OwnerSearch
  /** Absent on Windows, where no tool tells who has a pipe. */
  readonly path?: OwnerSearch<string>
}

const searches: Partial<Record<NodeJS.Platform, Searches>> = {
  linux: {
    tcp: (ports, findings, deadline) => searchLinux(ports, findings, deadline),
    udp: (ports, findings, deadline) => searchLinux(ports, findings, deadline, { protocol: 'udp' }),
    path: (path, findings, deadline) => searchLinuxPath(path, findings, deadline),
  },
  darwin: {
    tcp: (ports, findings, deadline) => searchDarwin(ports, findings, deadline),
    udp: (ports, findings, deadline) => searchDarwin(ports, findings, deadline, undefined, 'udp'),
    path: (path, findings, deadline) => searchDarwinPath(path, findings, deadline),
  },
  win32: {
    tcp: (ports, findings, deadline) => searchWindows(ports, findings, deadline),
    udp: (ports, findings, deadline) =>
      searchWindows(ports, findings, deadline, { protocol: 'udp' }),
  },
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
 * Asks the operating system which processes listen on `endpoints` (a number is a TCP port; both
 * families, any address).
 *
 * A socket that several processes share lists all of them, the one that started first (and so made
 * the socket) in front. A listener whose process may not be looked at is an entry without `pid`;
 * macOS does not show other users' listeners at all. Endpoints nobody listens on are absent, and the
 * map is empty on systems that can't tell. Never throws or rejects.
 */
export async function findPortOwners<E extends Endpoint>(
  endpoints: readonly E[],
  { platform = process.platform, timeoutMs = 1000 }: FindPortOwnersOptions = {},
): Promise<Map<E, PortOwner[]>> {
  const found = new Map<E, PortOwner[]>()
  const search = searches[platform]
  if (!search) return found
  const onPorts = async (protocol: 'tcp' | 'udp'): Promise<void> => {
    const wanted = new Map<number, E>()
    for (const endpoint of endpoints) {
      const { port, protocol: its = 'tcp' } = endpointParts(endpoint)
      const valid = Number.isInteger(port) && port > 0 && port < 65_536
      if (its === protocol && valid) wanted.set(port, endpoint)
    }
    if (wanted.size === 0) return
    const owners = await collectOwners(search[protocol], new Set(wanted.keys()), timeoutMs)
    for (const [port, endpoint] of wanted) {
      const list = owners.get(port)
      if (list) found.set(endpoint, list)
    }
  }
  const onPath = async (endpoint: E): Promise<void> => {
    const { path } = endpointParts(endpoint)
    if (path === undefined || !search.path) return
    const owners = (await collectOwners(search.path, path, timeoutMs)).get(0)
    if (owners) found.set(endpoint, owners)
  }
  await Promise.all([onPorts('tcp'), onPorts('udp'), ...endpoints.map(onPath)])
  return found
}

import type { Server } from 'node:net'

/** Shared by the preload and every copy of this package in a process. */
const KEY = Symbol.for('unplugin-ports.lent-servers')

/** By port: the servers that may have the socket which another process holds for this one. */
type LentServers = Map<number, WeakSet<Server>>

function lentServers(): LentServers {
  const holder = globalThis as { [KEY]?: LentServers }
  holder[KEY] ??= new Map()
  return holder[KEY]
}

/**
 * From now on only `server`, and others that are named like this, get the socket that is held for
 * `port`: whoever else tries the port in this process finds it taken, as it is. Bundlers probe
 * their port on other addresses before they listen, and the socket must not move about for that.
 */
export function nameLentServer(port: number, server: Server): void {
  const servers = lentServers()
  const named = servers.get(port) ?? new WeakSet()
  servers.set(port, named.add(server))
}

/** Whether the held socket of `port` is for `server`: nobody was named, or it was. */
export function mayHaveLent(port: number, server: Server): boolean {
  return lentServers().get(port)?.has(server) ?? true
}

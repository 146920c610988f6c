import { Server } from 'node:net'

/** Where a replaced `listen` keeps the one it replaced. */
export const PLAIN_LISTEN: unique symbol = Symbol.for('unplugin-ports.plain-listen')

type Listen = typeof Server.prototype.listen

/** Node's own `listen`, also in a process whose servers are given held sockets. */
export function plainListen(): Listen {
  const { listen } = Server.prototype
  return (listen as Listen & { [PLAIN_LISTEN]?: Listen })[PLAIN_LISTEN] ?? listen
}

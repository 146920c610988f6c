import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'

/** `::1` exists here; tests of the other family are skipped without it, not faked. */
export const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some((entry) => entry.address === '::1'),
)

/** A listener that somebody else has. */
export interface Occupied extends AsyncDisposable {
  readonly port: number
  readonly server: Server
}

/** Listens on `host` (all interfaces when undefined), on a free port outside the ephemeral range. */
export async function occupy(host?: string, port?: number): Promise<Occupied> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  if (port === undefined) {
    // A port that is free everywhere, so that the test decides what is busy.
    port = (await freeRange(1))[0]
  }
  await listen(server, port, host)
  return {
    port,
    server,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close').catch(() => {})
    },
  }
}

/** `[from, to]` of `size` ports in a row that are free on every address and lie below the ephemeral ones. */
export async function freeRange(size: number): Promise<[from: number, to: number]> {
  for (;;) {
    // Tests run side by side, so each looks somewhere else.
    const from = 10_100 + Math.floor(Math.random() * (32_000 - 10_100 - size))
    const ports = Array.from({ length: size }, (_, index) => from + index)
    if ((await Promise.all(ports.map((port) => isFree(port)))).every(Boolean)) {
      return [from, from + size - 1]
    }
  }
}

/** A port that nobody listens on at any address. */
export async function freePort(): Promise<number> {
  return (await freeRange(1))[0]
}

/** Nobody listens on `port` at any address, by binding it. */
export async function isFree(port: number): Promise<boolean> {
  const hosts = hasIPv6 ? [undefined, '127.0.0.1', '::1'] : [undefined, '127.0.0.1']
  for (const host of hosts) {
    const server = createServer()
    try {
      await listen(server, port, host)
    } catch {
      return false
    } finally {
      server.close()
    }
  }
  return true
}

/** Something accepts connections there. */
export async function accepts(port: number, host = 'localhost'): Promise<boolean> {
  const socket = connect({ port, host })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function listen(server: Server, port: number, host?: string): Promise<void> {
  const listening = once(server, 'listening')
  server.listen({ port, exclusive: true, ...(host !== undefined && { host }) })
  await listening
}

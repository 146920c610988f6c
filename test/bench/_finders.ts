import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { detect } from 'detect-port'
import getPort, { clearLockedPorts, portNumbers } from 'get-port'
import { getPort as getPortPlease } from 'get-port-please'
import portfinder from 'portfinder'
import { type Reservation, reserve } from 'unplugin-ports/api'
import WebpackDevServer from 'webpack-dev-server'

/** A port that was found, and what makes a server listen there. */
export interface Found {
  readonly port: number
  /** Rejects when somebody else was faster. */
  serve(server: Server): Promise<void>
  /** Gives back what was held. */
  free(): Promise<unknown> | unknown
}

/** A way to find a free port from `from` to `to`, both included. */
export interface Finder {
  readonly name: string
  /** What is true of the port when it has been found. */
  readonly gives: 'a listening server' | 'a check' | 'a held socket and a lease'
  one(from: number, to: number): Promise<Found>
  /** The way to get several, where there is one. */
  several?(from: number, to: number, count: number): Promise<Found[]>
}

/** The least that anybody must do: listen, go on with the next port, close. It is also what Vite does. */
export const floor: Finder = {
  name: 'listen and close',
  gives: 'a listening server',
  async one(from, to) {
    for (let port = from; port <= to; port++) {
      const server = createServer()
      if (await listens(server, port)) return listening(server, port)
    }
    throw new Error(`no port from ${from} to ${to}`)
  },
  async several(from, to, count) {
    const found: Found[] = []
    for (let next = from; found.length < count;) {
      const one = await this.one(next, to)
      found.push(one)
      next = one.port + 1
    }
    return found
  },
}

/** This package. */
export const ours: Finder = {
  name: 'unplugin-ports',
  gives: 'a held socket and a lease',
  one: async (from, to) => held(await reserve({ range: [from, to] })),
  several: async (from, to, count) =>
    (await reserve({ range: [from, to], count })).map((one: Reservation) => held(one)),
}

/** Those that look for a port, and leave it to be bound later. */
export const checking: readonly Finder[] = [
  {
    name: 'get-port',
    gives: 'a check',
    async one(from, to) {
      // It avoids the ports that it gave before, for a while; here each time is the first time.
      clearLockedPorts()
      return checked(await getPort({ port: portNumbers(from, to) }))
    },
    several: (from, to, count) =>
      inTurn(count, async () => checked(await getPort({ port: portNumbers(from, to) }))),
  },
  {
    name: 'get-port-please',
    gives: 'a check',
    one: async (from, to) =>
      checked(await getPortPlease({ port: from, portRange: [from, to], verbose: false })),
  },
  {
    name: 'detect-port',
    gives: 'a check',
    one: async (from) => checked(await detect(from)),
  },
  {
    name: 'portfinder',
    gives: 'a check',
    one: async (from, to) => checked(await portfinder.getPortPromise({ port: from, stopPort: to })),
    several: (from, to, count) =>
      new Promise((resolve, reject) => {
        portfinder.getPorts(count, { port: from, stopPort: to }, (error, ports) => {
          if (error) reject(error)
          else resolve(ports.map(checked))
        })
      }),
  },
  {
    name: 'webpack-dev-server',
    gives: 'a check',
    async one(from) {
      process.env.WEBPACK_DEV_SERVER_BASE_PORT = String(from)
      return checked(Number(await WebpackDevServer.getFreePort('auto', undefined as never)))
    },
  },
]

/** All of them, the floor first. */
export const FINDERS: readonly Finder[] = [floor, ours, ...checking]

/** Listens on every address; `false` when the port is taken. */
export async function listens(server: Server, port: number, host?: string): Promise<boolean> {
  server.listen({ port, host })
  return once(server, 'listening').then(
    () => true,
    () => false,
  )
}

/** Closes it and waits until it is. */
export async function closes(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

async function inTurn(count: number, one: () => Promise<Found>): Promise<Found[]> {
  const found: Found[] = []
  while (found.length < count) found.push(await one())
  return found
}

function listening(server: Server, port: number): Found {
  return { port, serve: () => Promise.resolve(), free: () => closes(server) }
}

function held(reservation: Reservation): Found {
  return {
    port: reservation.port,
    async serve(server) {
      reservation.adoptInto(server)
      if (!server.listening) await once(server, 'listening')
    },
    free: () => reservation.release(),
  }
}

function checked(port: number): Found {
  return {
    port,
    async serve(server) {
      if (!(await listens(server, port))) throw new Error(`port ${port} is taken`)
    },
    free() {},
  }
}

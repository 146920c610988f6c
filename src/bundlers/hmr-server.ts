import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { resolve } from 'node:path'

const UPGRADE_REQUIRED = 426

/**
 * A server for HMR alone: the bundler attaches its WebSocket to it and never has to bind a port itself. Not listening yet; the caller hands it a socket and closes it.
 */
export function createHmrServer(https: ServerOptions | undefined): Server {
  const answer: Parameters<typeof createServer>[1] = (_request, response) => {
    response.writeHead(UPGRADE_REQUIRED, { 'Content-Type': 'text/plain' })
    response.end('This port speaks WebSocket only: it carries hot module replacement.\n')
  }
  // An https.Server differs from an http.Server in nothing that is used here.
  return https
    ? (createSecureServer(readFiles(https), answer) as unknown as Server)
    : createServer(answer)
}

/** Closes a server of {@link createHmrServer} with the sockets of all open pages. */
export function closeHmrServer(server: Server | undefined): void {
  server?.close()
  server?.closeAllConnections()
}

/** Vite accepts file names where Node wants contents. */
function readFiles(https: ServerOptions): ServerOptions {
  const result = { ...https }
  for (const key of ['ca', 'cert', 'key', 'pfx'] as const) {
    const value = result[key]
    if (typeof value !== 'string') continue
    try {
      result[key] = readFileSync(resolve(value))
    } catch {
      // Not a file name, so it is the content itself.
    }
  }
  return result
}

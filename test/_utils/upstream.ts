import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

/** An API of this process, as it could stand anywhere. */
export interface Upstream extends AsyncDisposable {
  readonly port: number
  /** What it was asked, in order. */
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[]
  /** Status of everything it answers from now on. */
  status: number
  /** It takes requests and never answers. */
  hangs: boolean
  /** Names that clients asked for with TLS. */
  readonly serverNames: string[]
}

/** How an upstream is made. */
export interface UpstreamOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Default: a free one. */
  readonly port?: number
  /** Default `'localhost'`. */
  readonly host?: string
}

/** Answers with its name and the path, redirects `/…/redirect?to=` to there, and echoes WebSockets. */
export async function upstream(name: string, options: UpstreamOptions = {}): Promise<Upstream> {
  const { tls, port = 0, host = 'localhost' } = options
  const serverNames: string[] = []
  const server: Server = tls
    ? createSecureServer({
        ...tls,
        SNICallback(serverName, done) {
          serverNames.push(serverName)
          done(null)
        },
      })
    : createServer()
  const sockets = new WebSocketServer({ server })
  const result: Upstream = {
    port: 0,
    requests: [],
    serverNames,
    status: 200,
    hangs: false,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close').catch(() => {})
    },
  }
  sockets.on('connection', (socket, request) => {
    result.requests.push({ url: request.url ?? '', headers: request.headers })
    socket.on('message', (data) => socket.send(`${name}: ${data}`))
  })
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    result.requests.push({ url: request.url ?? '', headers: request.headers })
    if (result.hangs) return
    const to = url.searchParams.get('to')
    response.statusCode = to === null ? result.status : 302
    if (to !== null) response.setHeader('location', to)
    response.setHeader('set-cookie', 'session=1; Domain=example.test; Secure')
    response.end(JSON.stringify({ name, url: request.url }))
  })
  server.listen(port, host)
  await once(server, 'listening')
  return Object.assign(result, { port: (server.address() as AddressInfo).port })
}

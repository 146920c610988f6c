import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Run } from './adapter.ts'
import { addPageScript } from './page-script.ts'

/** Where the status page is, on every server that has one. */
export const STATUS_PATH = '/__ports'

/** What a server says of itself to its status page. */
export interface StatusPlace {
  /** The bundler's own service whose server this is. */
  readonly service: 'dev' | 'preview'
  /**
   * Names that the server answers to besides `localhost` and IP addresses; one that begins with a dot
   * stands for its subdomains too. Asked for each request.
   */
  allowedHosts(): readonly string[]
  /** Path below which the app is served, `/app/`; the page is at the root and below it. Default: `/`. */
  base?(): string | undefined
}

/** The status page of one run, as its server sees it. */
export interface StatusPage {
  /** Answers a request. `path` is what follows {@link STATUS_PATH}, without a query. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void
  /**
   * What follows {@link STATUS_PATH} in the path of the script that the app's own pages get;
   * `undefined` when they get none, or the request's sender would not be given it.
   */
  script(request: IncomingMessage): string | undefined
  /** Ends the answers that are being streamed; further requests are answered still. */
  end(): void
}

/** Answers requests for the status page in front of everything else that listens to `server`. */
export function mountStatusPage(server: Server, run: Run, place: StatusPlace): void {
  const page = run.statusPage(place)
  if (!page) return
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean
  server.emit = ((event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== 'request') return emit(event, ...args)
    const [request, response] = args as [IncomingMessage, ServerResponse]
    const path = statusPath(request.url, place)
    if (path === undefined) {
      addScript(page, request, response)
      return emit(event, ...args)
    }
    page.handle(request, response, path)
    return true
  }) as Server['emit']
  const close = server.close.bind(server)
  server.close = ((...args: Parameters<Server['close']>) => {
    // It would wait for them for good.
    page.end()
    return close(...args)
  }) as Server['close']
}

/** A function for the front of a list of middlewares, where there is no server of the bundler's own. */
export function statusMiddleware(
  run: Run,
  place: StatusPlace,
): ((request: IncomingMessage, response: ServerResponse, next: () => void) => void) | undefined {
  const page = run.statusPage(place)
  if (!page) return undefined
  return (request, response, next) => {
    const path = statusPath(request.url, place)
    if (path !== undefined) return page.handle(request, response, path)
    addScript(page, request, response)
    next()
  }
}

/** A page of the app gets the script that watches whose server it is. */
function addScript(page: StatusPage, request: IncomingMessage, response: ServerResponse): void {
  addPageScript(request, response, () => {
    const script = page.script(request)
    if (script === undefined) return undefined
    // A list of middlewares may be part of somebody else's, below a path.
    const { url = '', originalUrl = url } = request as IncomingMessage & { originalUrl?: string }
    const below = originalUrl.endsWith(url) ? originalUrl.slice(0, -url.length || undefined) : ''
    return `${below.replace(/\/$/, '')}${STATUS_PATH}${script}`
  })
}

/**
 * The names among a bundler's settings. `true` and `'all'`, which allow every name, name nobody: any
 * name can be made to point at this machine.
 *
 * @param allowed The bundler's `allowedHosts`.
 * @param others Names that it allows besides, such as its own host.
 */
export function hostList(allowed: unknown, ...others: readonly unknown[]): string[] {
  const listed: unknown[] = Array.isArray(allowed) ? allowed : []
  return [...listed, ...others].filter((name) => typeof name === 'string')
}

/** What a URL asks of the status page; `undefined` when it asks for something else. */
export function statusPath(
  url: string | undefined,
  { base }: Pick<StatusPlace, 'base'>,
): string | undefined {
  const path = url?.split('?', 1)[0]
  if (!path?.includes(STATUS_PATH)) return undefined
  const below = base?.()
  for (const prefix of below?.startsWith('/') ? [below.replace(/\/+$/, ''), ''] : ['']) {
    if (!path.startsWith(prefix + STATUS_PATH)) continue
    const rest = path.slice(prefix.length + STATUS_PATH.length)
    if (rest === '' || rest.startsWith('/')) return rest
  }
  return undefined
}

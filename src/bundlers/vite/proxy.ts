import type { IncomingMessage } from 'node:http'
import type { ProxyOptions as ViteProxyOptions } from 'vite'
import type { ProxyRule } from '../../options/resolved.ts'
import { isSameOrigin } from '../../utils/same-origin.ts'
import type { HostLogger, ProxyRoute, ProxyTarget, StartHint } from '../adapter.ts'
import {
  answerMissing,
  refusalText,
  isHangUp,
  isHttpResponse,
  isNobodyListening,
  missingServerLine,
  missingServerText,
  upstreamFailureText,
} from '../proxy-answer.ts'
import { hopOf, markAnswer, prepareRequest } from '../proxy-hop.ts'

/** The service behind a proxied path. */
export interface ProxiedService {
  /** Where it is now. */
  readonly url: string
  readonly rules: readonly ProxyRule[]
  hint(): StartHint
  /** Another one after an edit of the config file. */
  readonly route: ProxyRoute
  readonly logger: () => HostLogger
}

type ProxyMap = Record<string, string | ViteProxyOptions>
type ProxyServer = Parameters<NonNullable<ViteProxyOptions['configure']>>[0]

/**
 * Proxy entries for a service's paths, under what the user wrote: a path that has an entry with a
 * target already keeps it, and only gets what it leaves open.
 */
export function proxyEntries(service: ProxiedService, written: ProxyMap | undefined): ProxyMap {
  const entries: ProxyMap = {}
  for (const { context, options } of service.rules) {
    const own = written?.[context]
    if (typeof own === 'string' || own?.target !== undefined) continue
    const settings: ViteProxyOptions = { ...options, ...own }
    const { configure } = settings
    entries[context] = {
      target: service.url,
      ws: true,
      ...settings,
      configure(proxy, resolved) {
        configure?.(proxy, resolved)
        if (settings.target === undefined) {
          followService(resolved, service)
          routeRequests(proxy, service)
        }
        answerForMissingServer(proxy, service)
      },
    }
  }
  return entries
}

/** Paths of `service` for which the user's own entry names another target. */
export function overriddenPaths(service: ProxiedService, written: ProxyMap | undefined): string[] {
  return service.rules.flatMap(({ context }) => {
    const own = written?.[context]
    const target = typeof own === 'string' ? own : own?.target
    if (target === undefined) return []
    return isSameOrigin(target, service.url) ? [] : [context]
  })
}

/** What Vite shows of the entry is where the service is; requests bring a target of their own. */
function followService(resolved: ViteProxyOptions, service: ProxiedService): void {
  Object.defineProperty(resolved, 'target', {
    get: () => service.url,
    // Vite 6's http-proxy keeps what it made of the first target.
    set: () => {},
    enumerable: true,
    configurable: true,
  })
}

/**
 * Sends each request to where the service is when it comes, and answers 502 instead while another
 * checkout's server stands on the port.
 */
function routeRequests(proxy: ProxyServer, service: ProxiedService): void {
  const routed =
    (forward: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): void => {
      const [request, response] = args
      const { route } = service
      const go = (): void => {
        const refusal = route.refusal()
        if (refusal) {
          answerMissing(response, refusalText(refusal, service.hint(), urlOf(request)))
          return
        }
        const hop = route.next()
        prepareRequest(request, hop)
        forward.apply(proxy, withTarget(args, hop.target))
      }
      const settled = route.settle()
      if (!settled) return go()
      // Nobody else listens yet to the errors of a WebSocket's bare socket.
      ;(response as NodeJS.EventEmitter).on('error', () => {})
      void settled.then(go)
    }
  const methods = proxy as { web: unknown; ws: unknown }
  methods.web = routed(proxy.web as never)
  methods.ws = routed(proxy.ws as never)
  proxy.on('proxyRes', (answer, request) => markAnswer(answer, request))
}

/** The arguments of `web()` or `ws()`, of which options are the last or not there. */
function withTarget(args: readonly unknown[], target: ProxyTarget): unknown[] {
  const last = args.at(-1)
  const hasOptions = args.length > 2 && !Buffer.isBuffer(last)
  return hasOptions
    ? [...args.slice(0, -1), { ...(last as object), target }]
    : [...args, { target }]
}

function urlOf(request: unknown): string {
  return (request as IncomingMessage | undefined)?.url ?? '/'
}

/**
 * Answers 502 with the way out when nothing listens yet, instead of Vite's empty 500 and a stack
 * for every request. Other proxy errors stay Vite's.
 */
function answerForMissingServer(proxy: ProxyServer, service: ProxiedService): void {
  const emit = proxy.emit.bind(proxy) as (event: string | symbol, ...args: unknown[]) => boolean
  let told = false
  proxy.emit = ((event: string | symbol, ...args: unknown[]): boolean => {
    const [error, request, response] = args
    if (event !== 'error') {
      if (event === 'proxyRes' || event === 'open') told = false
      return emit(event, ...args)
    }
    const hop = hopOf(request)
    if (isHangUp(error) && !isHttpResponse(response)) return emit(event, ...args)
    service.route.failed(hop, error)
    if (hop?.remote) {
      const text = upstreamFailureText(hop, error)
      if (!told) service.logger().warn(`${urlOf(request)}: ${text.trim()}`)
      told = true
      answerMissing(response, text)
      return true
    }
    if (!isNobodyListening(error)) return emit(event, ...args)
    const hint = service.hint()
    const url = urlOf(request)
    if (!told) service.logger().warn(missingServerLine(hint, url))
    told = true
    answerMissing(response, missingServerText(hint, url))
    return true
  }) as typeof proxy.emit
}

import type { IncomingMessage } from 'node:http'
import type { ProxyOptions as ViteProxyOptions } from 'vite'
import type { ProxyRule } from '../../options/resolved.ts'
import { isSameOrigin } from '../../utils/same-origin.ts'
import type { HostLogger, ProxyGuard, StartHint } from '../adapter.ts'
import {
  answerMissing,
  foreignServerText,
  isNobodyListening,
  missingServerLine,
  missingServerText,
} from '../proxy-answer.ts'

/** The service behind a proxied path. */
export interface ProxiedService {
  /** Where it is now. */
  readonly url: string
  readonly rules: readonly ProxyRule[]
  hint(): StartHint
  readonly guard: ProxyGuard
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
          refuseForeign(proxy, service)
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

/** Requests go to where the service is when they come; http-proxy reads the target for each. */
function followService(resolved: ViteProxyOptions, service: ProxiedService): void {
  Object.defineProperty(resolved, 'target', {
    get: () => new URL(service.url),
    // Vite 6's http-proxy keeps what it made of the first target.
    set: () => {},
    enumerable: true,
    configurable: true,
  })
}

/** Answers 502 instead of forwarding while another checkout's server stands on the port. */
function refuseForeign(proxy: ProxyServer, { guard, hint }: ProxiedService): void {
  const guarded =
    (forward: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): void => {
      const [request, response] = args
      const go = (): void => {
        const who = guard.refusal()
        if (who === undefined) forward.apply(proxy, args)
        else answerMissing(response, foreignServerText(hint(), who, urlOf(request)))
      }
      const settled = guard.settle()
      if (!settled) return go()
      // Nobody else listens yet to the errors of a WebSocket's bare socket.
      ;(response as NodeJS.EventEmitter).on('error', () => {})
      void settled.then(go)
    }
  const methods = proxy as { web: unknown; ws: unknown }
  methods.web = guarded(proxy.web as never)
  methods.ws = guarded(proxy.ws as never)
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
    if (event !== 'error' || !isNobodyListening(error)) {
      if (event === 'proxyRes' || event === 'open') told = false
      return emit(event, ...args)
    }
    const hint = service.hint()
    const url = urlOf(request)
    if (!told) service.logger().warn(missingServerLine(hint, url))
    told = true
    answerMissing(response, missingServerText(hint, url))
    return true
  }) as typeof proxy.emit
}

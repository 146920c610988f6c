import type { IncomingMessage } from 'node:http'
import type { ProxyRule } from '../options/resolved.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { isSameOrigin } from '../utils/same-origin.ts'
import type { HostLogger, ProxyRoute, Run, StartHint } from './adapter.ts'
import { type ForeignGate, foreignGate, type Listener } from './foreign-gate.ts'
import {
  answerMissing,
  isHangUp,
  isHttpResponse,
  isNobodyListening,
  missingServerLine,
  missingServerText,
  upstreamFailureText,
} from './proxy-answer.ts'
import { hopOf } from './proxy-hop.ts'

/** One entry of a proxy list, with http-proxy-middleware's options. */
export interface ProxyEntry {
  context?: string | string[] | PathTest | undefined
  [option: string]: unknown
}

/** Whether a request is forwarded, by its path. */
export type PathTest = (path: string) => boolean

/** The proxy entries that the user wrote. */
export type ProxyEntries = readonly (ProxyEntry | (() => ProxyEntry))[]

/** The service behind proxied paths. */
export interface ProxiedService {
  /** Where it is now. */
  readonly url: string
  readonly rules: readonly ProxyRule[]
  hint(): StartHint
  /** Another one after an edit of the config file. */
  readonly route: ProxyRoute
}

/** The service behind paths that are proxied to `reservation`. */
export function proxiedService(
  reservation: PortReservation,
  rules: readonly ProxyRule[],
  run: Pick<Run, 'startHint' | 'route' | 'reservation'>,
): ProxiedService {
  const { service } = reservation
  return {
    get url() {
      // Another one after an edit of the config file.
      return (run.reservation(service) ?? reservation).url
    },
    rules,
    hint: () => run.startHint(service),
    get route() {
      return run.route(service)
    },
  }
}

/**
 * Entries with http-proxy-middleware's options; paths for which the user has an entry already get none.
 *
 * @param logger Gets what is said of the service.
 * @param log What http-proxy-middleware 2 itself says, of any proxy; later versions have a log for each.
 */
export function proxyEntries(
  service: ProxiedService,
  written: ProxyEntries | undefined,
  logger: HostLogger,
  log?: ProxyLog,
): ProxyEntry[] {
  const taken = new Set((written ?? []).flatMap(pathsOf))
  return service.rules
    .filter(({ context }) => !taken.has(context))
    .map(({ context, options }) => {
      const { configure: _viteOnly, rewrite, ...settings } = options
      const isOurs = settings.target === undefined && settings.router === undefined
      const gate = isOurs ? foreignGate(service) : undefined
      const onError = missingServer(service, logger, log, gate)
      const on = settings.on as Record<string, Listener | undefined> | undefined
      const onProxyReq = gate?.before((settings.onProxyReq as Listener | undefined) ?? on?.proxyReq)
      const onProxyRes = gate?.after((settings.onProxyRes as Listener | undefined) ?? on?.proxyRes)
      return {
        // A regular expression is what http-proxy-middleware would take for the beginning of a path.
        context: context.startsWith('^') ? pathTest(context) : [context],
        target: service.url,
        ws: true,
        ...(typeof rewrite === 'function' && { pathRewrite: rewrite }),
        ...settings,
        ...(gate && { router: gate.router, onProxyReq, onProxyRes }),
        // Where http-proxy-middleware looks for it: version 2 here, later ones under `on`.
        onError,
        ...(log && { logProvider: () => log.provider }),
        // Version 3 and later report the same error a second time, in words of their own.
        logger: withoutProxyErrors(logger),
        on: {
          ...on,
          ...(onProxyReq && { proxyReq: onProxyReq }),
          ...(onProxyRes && { proxyRes: onProxyRes }),
          error: onError,
        },
      }
    })
}

/** Paths of `service` for which the user's own entry names another target. */
export function overriddenPaths(
  service: ProxiedService,
  written: ProxyEntries | undefined,
): string[] {
  const foreign = (written ?? []).flatMap((entry) => {
    const target = typeof entry === 'function' ? undefined : entry.target
    return target === undefined || isSameOrigin(target, service.url) ? [] : pathsOf(entry)
  })
  return service.rules.map(({ context }) => context).filter((path) => foreign.includes(path))
}

/** The requests that a path of the options means: those below it, or those that match when it begins with `^`. */
export function pathTest(context: string): PathTest {
  if (!context.startsWith('^')) return (path) => path.startsWith(context)
  const pattern = new RegExp(context)
  return (path) => pattern.test(path)
}

function pathsOf(entry: ProxyEntry | (() => ProxyEntry)): string[] {
  if (typeof entry === 'function') return []
  const { context, path } = entry
  return [context, path].flat().filter((item) => typeof item === 'string')
}

function withoutProxyErrors(logger: HostLogger): Record<'info' | 'warn' | 'error', unknown> {
  const pass =
    (write: (message: string) => void) =>
    (message: unknown): void => {
      if (!String(message).includes('Error occurred while')) write(String(message))
    }
  return {
    info: () => {},
    warn: pass((message) => logger.warn(message)),
    error: pass((message) => logger.warn(message)),
  }
}

/** What http-proxy-middleware 2 writes to: one for all proxies of the process, the newest one's. */
export interface ProxyLog {
  readonly provider: Record<string, (message: unknown) => void>
  /** Drops the error that is being reported, which has been told in our words. */
  hush(): void
}

/** A log that passes on to `target` everything but the errors that were told already. */
export function proxyLog(target: () => Record<LogLevel, (message: string) => void>): ProxyLog {
  let hushed = false
  const pass =
    (level: LogLevel) =>
    (message: unknown): void => {
      if (level === 'warn' || (level === 'error' && !hushed)) target()[level](String(message))
    }
  return {
    provider: Object.fromEntries(LOG_LEVELS.map((level) => [level, pass(level)])),
    hush() {
      hushed = true
      // Every listener of the error runs within this tick.
      queueMicrotask(() => {
        hushed = false
      })
    },
  }
}

const LOG_LEVELS = ['log', 'debug', 'info', 'warn', 'error'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

function missingServer(
  service: ProxiedService,
  logger: HostLogger,
  log: ProxyLog | undefined,
  gate: ForeignGate | undefined,
): Listener {
  let toldAt = -Infinity
  return (error, request, response) => {
    log?.hush()
    const url = (request as IncomingMessage | undefined)?.url ?? '/'
    const refusal = gate?.refusal(request)
    if (refusal !== undefined) {
      answerMissing(response, refusal)
      return
    }
    // A tab that closes its WebSocket is no failure of the service.
    if (isHangUp(error) && !isHttpResponse(response)) return
    const hop = gate && hopOf(request)
    if (gate) service.route.failed(hop, error)
    if (hop?.remote) {
      const text = upstreamFailureText(hop, error)
      logger.warn(`${url}: ${text.trim()}`)
      answerMissing(response, text)
      return
    }
    if (!isNobodyListening(error)) {
      const reason = error instanceof Error ? error.message : String(error)
      logger.warn(`${url}: the "${service.hint().service}" service failed: ${reason}`)
      answerMissing(response, `502: ${reason}\n`)
      return
    }
    const hint = service.hint()
    // A page that polls would repeat the line with every request.
    if (performance.now() - toldAt > REPEAT_AFTER_MS) logger.warn(missingServerLine(hint, url))
    toldAt = performance.now()
    answerMissing(response, missingServerText(hint, url))
  }
}

const REPEAT_AFTER_MS = 30_000

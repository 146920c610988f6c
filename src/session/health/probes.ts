import type { ClientRequest, OutgoingHttpHeaders } from 'node:http'
import type { ProbeOutcome } from './state.ts'

/** Where a probe goes and when it gives up. */
export interface ProbeTarget {
  readonly port: number
  /** `http://localhost:3000`. */
  readonly url: string
  /** IP address or name to connect to. */
  readonly hostname: string
  readonly path: string
  /** Of a service that listens on a path instead of a port. */
  readonly socketPath: string | undefined
  /** Statuses that count as healthy; empty for everything below 500. */
  readonly status: readonly number[]
  readonly timeoutMs: number
}

const OK: ProbeOutcome = { ok: true }

/** Somebody accepts connections. */
export async function probeTcp(target: ProbeTarget): Promise<ProbeOutcome> {
  const { port, hostname, socketPath, timeoutMs } = target
  const { connect } = await import('node:net')
  return settle(timeoutMs, (finish, signal) => {
    const socket =
      socketPath === undefined
        ? connect({ port, host: hostname, signal, autoSelectFamily: true })
        : connect({ path: socketPath, signal })
    socket.on('error', (error) => finish(failure(error)))
    socket.once('connect', () => {
      finish(OK)
    })
  })
}

/** Somebody answers an HTTP request in time, with a status that counts. Certificates are not checked. */
export async function probeHttp(target: ProbeTarget): Promise<ProbeOutcome> {
  const { status, timeoutMs } = target
  const ask = await requester(target)
  return settle(timeoutMs, (finish, signal) => {
    const asked = ask({ 'user-agent': 'unplugin-ports', connection: 'close' }, signal)
    asked.on('error', (error) => finish(failure(error)))
    asked.once('response', (response) => {
      const code = response.statusCode ?? 0
      // What was asked for is known; the rest of the answer is cut off.
      response.on('error', () => {})
      const healthy = status.length > 0 ? status.includes(code) : code < 500
      finish(healthy ? OK : { ok: false, answered: true, reason: `answers with status ${code}` })
    })
    asked.end()
  })
}

/**
 * Somebody takes part in a WebSocket handshake.
 *
 * @param protocol Asked for as the bundler's client does, or its server may refuse.
 */
export async function probeWebSocket(
  target: ProbeTarget,
  protocol: string | undefined,
): Promise<ProbeOutcome> {
  const [ask, { randomBytes }] = await Promise.all([requester(target), import('node:crypto')])
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    origin: urlOf(target),
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...(protocol && { 'sec-websocket-protocol': protocol }),
  }
  return settle(target.timeoutMs, (finish, signal) => {
    const asked = ask(headers, signal)
    asked.on('error', (error) => finish(failure(error)))
    asked.once('upgrade', (_, socket) => {
      socket.on('error', () => {})
      finish(OK)
      socket.destroy()
    })
    asked.once('response', (response) => {
      response.on('error', () => {})
      const reason = `refuses WebSockets with status ${response.statusCode}`
      finish({ ok: false, answered: true, reason })
    })
    asked.end()
  })
}

/** A datagram is not refused. Nobody need answer it, so silence counts as health. */
export async function probeUdp(target: ProbeTarget): Promise<ProbeOutcome> {
  const { port, hostname, timeoutMs } = target
  const { createSocket } = await import('node:dgram')
  const { isIPv6 } = await import('node:net')
  const patience = Math.min(timeoutMs, UDP_PATIENCE_MS)
  return settle(timeoutMs, (finish, signal) => {
    const socket = createSocket({ type: isIPv6(hostname) ? 'udp6' : 'udp4', signal })
    socket.unref()
    socket.on('error', (error) => finish(failure(error)))
    socket.once('message', () => finish(OK))
    // Connected, so that the refusal of the other side comes back as an error.
    socket.connect(port, hostname, () => socket.send(''))
    setTimeout(() => finish(OK), patience).unref()
    signal.addEventListener('abort', () => {
      try {
        socket.close()
      } catch {
        // Closed by its own failure.
      }
    })
  })
}

/** Makes requests to the target, on connections of their own. */
async function requester(
  target: ProbeTarget,
): Promise<(headers: OutgoingHttpHeaders, signal: AbortSignal) => ClientRequest> {
  const { path, socketPath } = target
  const url = urlOf(target)
  const { request } = (await import(
    url.startsWith('https:') ? 'node:https' : 'node:http'
  )) as typeof import('node:https')
  const options = { agent: false, socketPath, rejectUnauthorized: false }
  return (headers, signal) => request(new URL(path, url), { ...options, headers, signal })
}

/** The URL to ask; what listens on a path is asked as `localhost`. */
function urlOf({ url, socketPath }: ProbeTarget): string {
  return socketPath === undefined ? url : 'http://localhost'
}

/** A refusal on the same machine comes back within microseconds. */
const UDP_PATIENCE_MS = 200

/** What the user's own check says. */
export function probeWith(
  check: (target: { port: number; url: string; signal: AbortSignal }) => unknown,
  { port, url, timeoutMs }: ProbeTarget,
): Promise<ProbeOutcome> {
  return settle(timeoutMs, (finish, signal) => {
    void (async () => {
      try {
        const answer = await check({ port, url, signal })
        finish(answer === false ? { ok: false, answered: true, reason: 'its check said no' } : OK)
      } catch (error) {
        finish(failure(error))
      }
    })()
  })
}

/** Runs a probe to its first outcome; whatever it opened is aborted after that. */
function settle(
  timeoutMs: number,
  probe: (finish: (outcome: ProbeOutcome) => void, signal: AbortSignal) => void,
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const abort = new AbortController()
    const finish = (outcome: ProbeOutcome): void => {
      clearTimeout(timer)
      resolve(outcome)
      abort.abort()
    }
    const reason = `no answer within ${timeoutMs} ms`
    const timer = setTimeout(() => finish({ ok: false, answered: false, reason }), timeoutMs)
    timer.unref()
    probe(finish, abort.signal)
  })
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens',
  ENOENT: 'nobody listens',
  ECONNRESET: 'resets connections',
  ENOTFOUND: 'its host name does not resolve',
}

function failure(error: unknown): ProbeOutcome {
  const { code, message } = error as NodeJS.ErrnoException
  const reason = (code && REASONS[code]) ?? message ?? String(error)
  return { ok: false, answered: code === 'ECONNRESET', reason }
}

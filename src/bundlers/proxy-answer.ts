import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ProxyHop, Refusal, StartHint } from './adapter.ts'

const NOBODY_LISTENS = new Set(['ECONNREFUSED', 'EADDRNOTAVAIL'])

/** The text of the 502 answer while nothing listens on a proxied service's port. */
export function missingServerText(hint: StartHint, url: string): string {
  const { service, port, variable, envFile, description } = hint
  const about = description ? ` (${description})` : ''
  const elsewhere = (hint.elsewhere ?? []).map(
    ({ name, reason }) => `  tried       ${name}: ${reason}`,
  )
  return [
    `502: nothing answers on port ${port}, the port of the "${service}" service${about}.`,
    '',
    `  asked for   ${url}`,
    `  forwarded   http://localhost:${port}`,
    variable && `  variable    ${variable}=${port}${envFile ? ` (in ${envFile})` : ''}`,
    ...elsewhere,
    '',
    `${wayOut(hint)} Then load this again.`,
    '',
  ]
    .filter((line) => line !== undefined)
    .join('\n')
}

/** The text of the 502 answer to a request that is not forwarded. */
export function refusalText(refusal: Refusal, hint: StartHint, url: string): string {
  return refusal.reason === 'foreign'
    ? foreignServerText(hint, refusal.who, url)
    : missingServerText(hint, url)
}

/** The text of the 502 answer while another checkout's server stands on a service's port. */
function foreignServerText(hint: StartHint, who: string, url: string): string {
  return [
    `502: port ${hint.port} is served by ${who}, which is not this checkout's "${hint.service}" service.`,
    '',
    `  asked for   ${url}`,
    `  refused     http://localhost:${hint.port}`,
    '',
    `Stop that server. ${startSentence(hint)} Then load this again.`,
    `Should requests go to it? Set services.${hint.service}.identity to 'off'.`,
    '',
  ].join('\n')
}

/** The text of the 502 answer when a server elsewhere failed. */
export function upstreamFailureText({ name }: ProxyHop, error: unknown): string {
  const reason = error instanceof Error ? error.message || error.name : String(error)
  return `502: ${name ?? 'the upstream'} failed: ${reason}\n`
}

/** One line for the terminal. */
export function foreignServerLine(hint: StartHint, who: string): string {
  return `port ${hint.port} ("${hint.service}") is served by ${who}, not by this checkout: requests are refused. Stop that server. ${startSentence(hint)}`
}

/** One line for the terminal. */
export function missingServerLine(hint: StartHint, url: string): string {
  return `${url}: nothing answers on port ${hint.port} ("${hint.service}"). ${wayOut(hint)}`
}

/** What has to be done, or what is the matter with the process that was started for the service. */
function wayOut(hint: StartHint): string {
  const { process, port } = hint
  if (!process) return startSentence(hint)
  const { state, command, pid, reason } = process
  switch (state) {
    case 'waiting':
      return `Its command \`${command}\` ${reason ?? 'waits'}.`
    case 'starting':
    case 'running':
      return `Its command \`${command}\` runs (pid ${pid}), and has to listen on port ${port}, its PORT.`
    case 'restarting':
      return `Its command \`${command}\` is started again (it ${reason}): see its lines above.`
    case 'failed':
      return `Its command \`${command}\` is left alone (${reason}): see its lines above.`
    case 'stopping':
    case 'stopped':
      return `Its command \`${command}\` has ended: see its lines above.`
    default:
      return startSentence(hint)
  }
}

function startSentence({ service, port, variable, envFile, command }: StartHint): string {
  if (command) return `Start it with \`${command}\`, listening on port ${port}.`
  const where = variable ? `${variable}${envFile ? ` from ${envFile}` : ''}` : `port ${port}`
  const example = variable && envFile ? ` (with Node: \`node --env-file=${envFile} …\`)` : ''
  return `Start the ${service} server on ${where}${example}.`
}

/** The error of a proxied request to a port on which nobody listens. */
export function isNobodyListening(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && NOBODY_LISTENS.has(code)
}

/** One side closed the connection in the middle. */
export function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Answers 502 with `text`, to a request or to a WebSocket's handshake. */
export function answerMissing(response: unknown, text: string): void {
  const type = 'text/plain; charset=utf-8'
  if (isHttpResponse(response)) {
    if (response.headersSent || response.writableEnded) return
    response.writeHead(502, { 'Content-Type': type, 'Cache-Control': 'no-store' })
    response.end(text)
    return
  }
  // A WebSocket handshake failed: what is left is the bare socket.
  const socket = response as Socket | undefined
  const head = ['HTTP/1.1 502 Bad Gateway', `Content-Type: ${type}`, 'Connection: close']
  socket?.end([...head, '', text].join('\r\n'))
}

/** An answer to an HTTP request, and not the bare socket of a WebSocket's handshake. */
export function isHttpResponse(response: unknown): response is ServerResponse {
  return typeof response === 'object' && response !== null && 'writeHead' in response
}

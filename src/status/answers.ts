import type { IncomingMessage, ServerResponse } from 'node:http'

/** What is sent back. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** What the page itself may load: its own files, and nothing of anybody else's. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

/** Of every answer: no other site may read, embed or keep it. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': PAGE_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex',
}

/** An object as JSON that people can read. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return {
    status,
    type: 'application/json; charset=utf-8',
    body: `${JSON.stringify(value, null, 2)}\n`,
  }
}

/** A line for people. */
export function textAnswer(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` }
}

/** Sends an answer, unless the client is gone. What a middleware in front allowed other sites is taken back. */
export function send(
  request: Pick<IncomingMessage, 'method'>,
  response: ServerResponse,
  { status, type, body, headers }: Answer,
): void {
  if (response.headersSent || response.destroyed) return
  for (const name of response.getHeaderNames()) {
    if (name.startsWith('access-control-')) response.removeHeader(name)
  }
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

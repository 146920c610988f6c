import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'

/** What `writeHead` takes besides the status: names and values in one of three shapes. */
type HeadersArgument = Record<string, OutgoingHttpHeader> | readonly unknown[] | undefined

/**
 * Adds a script to the page that `response` is going to carry, at its very end; anything else stays
 * as it is. The script is a file, so that it gets on with a Content Security Policy, and runs before
 * the page's modules do, so that it can take its own element away in time.
 *
 * Call it before anybody else sees the two: compression is asked not to happen.
 *
 * @param source Path of the script, or `undefined` for none; asked for pages alone.
 */
export function addPageScript(
  request: IncomingMessage,
  response: ServerResponse,
  source: () => string | undefined,
): void {
  const src = isNavigation(request) ? source() : undefined
  if (src === undefined) return
  delete request.headers['accept-encoding']
  let tag: string | undefined
  let decided = false
  const decide = (given?: HeadersArgument): HeadersArgument => {
    if (decided) return given
    decided = true
    const header = (name: string): string | undefined =>
      text(headerIn(given, name) ?? response.getHeader(name))
    if (!isPage(response.statusCode, header)) return given
    tag = scriptTag(src, nonceOf(header('content-security-policy')))
    const length = header('content-length')
    if (length === undefined) return given
    const longer = String(Number(length) + Buffer.byteLength(tag))
    if (headerIn(given, 'content-length') !== undefined) {
      return withHeader(given, 'content-length', longer)
    }
    response.setHeader('Content-Length', longer)
    return given
  }

  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse
  response.writeHead = ((status: number, ...rest: unknown[]): ServerResponse => {
    response.statusCode = status
    const reason = typeof rest[0] === 'string' ? [rest.shift()] : []
    const headers = decide(rest[0] as HeadersArgument)
    return writeHead(status, ...reason, ...(headers === undefined ? [] : [headers]))
  }) as ServerResponse['writeHead']

  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
  response.end = ((...args: unknown[]): ServerResponse => {
    if (!response.headersSent) decide()
    if (tag === undefined || response.writableEnded) return end(...args)
    const callback = args.find((arg) => typeof arg === 'function')
    const [chunk, encoding] = args.filter((arg) => typeof arg !== 'function')
    const whole = Buffer.concat([bytesOf(chunk, encoding), Buffer.from(tag)])
    tag = undefined
    return end(whole, callback)
  }) as ServerResponse['end']
}

/** A tab is about to show the answer; frames, scripts and everything a page asks for are not meant. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'POST') return false
  const destination = headers['sec-fetch-dest']
  if (destination !== undefined) return destination === 'document'
  // Browsers don't send it to other machines without TLS.
  const wantsPage = headers.accept?.includes('text/html') ?? false
  return wantsPage && headers['upgrade-insecure-requests'] === '1'
}

function isPage(status: number, header: (name: string) => string | undefined): boolean {
  if (status === 204 || status === 304 || (status >= 300 && status < 400)) return false
  const encoding = header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') return false
  if (/^attachment/i.test(header('content-disposition') ?? '')) return false
  return /^text\/html\b/i.test(header('content-type') ?? '')
}

function scriptTag(src: string, nonce: string | undefined): string {
  return `\n<script src="${src}"${nonce === undefined ? '' : ` nonce="${nonce}"`}></script>\n`
}

/** The nonce with which the page's own scripts are allowed. */
function nonceOf(policy: string | undefined): string | undefined {
  const directives = policy?.split(/[;,]/).filter((part) => /^\s*(script|default)-src/.test(part))
  const found = directives?.map((part) => /'nonce-([\w+/=-]+)'/.exec(part)?.[1])
  return found?.find((nonce) => nonce !== undefined)
}

function headerIn(headers: HeadersArgument, name: string): unknown {
  if (headers === undefined) return undefined
  return pairsOf(headers).find(([key]) => String(key).toLowerCase() === name)?.[1]
}

/** In the shape in which they were given: some servers have a name twice, and mean it. */
function withHeader(headers: HeadersArgument, name: string, value: string): HeadersArgument {
  const pairs = pairsOf(headers ?? {}).map(([key, old]) =>
    String(key).toLowerCase() === name ? [key, value] : [key, old],
  )
  if (!Array.isArray(headers)) return Object.fromEntries(pairs) as HeadersArgument
  return Array.isArray(headers[0]) ? pairs : pairs.flat()
}

function pairsOf(headers: NonNullable<HeadersArgument>): (readonly unknown[])[] {
  if (!Array.isArray(headers)) return Object.entries(headers)
  if (Array.isArray(headers[0])) return headers as (readonly unknown[])[]
  const keys = headers.filter((_, index) => index % 2 === 0)
  return keys.map((key, index) => [key, headers[index * 2 + 1]])
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding as BufferEncoding | undefined)
  return chunk instanceof Uint8Array ? chunk : new Uint8Array()
}

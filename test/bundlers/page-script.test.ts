import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { connect } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { addPageScript } from '../../src/bundlers/page-script.ts'

const SRC = '/__ports/client.js'
const TAG = `\n<script src="${SRC}"></script>\n`
const PAGE = '<!doctype html><h1>Grüße</h1>'
const TYPE = 'text/html; charset=utf-8'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** What a browser that navigates gets to read from a server that answers like that. */
async function load(
  handler: Handler,
  headers: Record<string, string> = { 'sec-fetch-dest': 'document' },
  method = 'GET',
): Promise<{ text: string; headers: Headers; bytes: Uint8Array }> {
  const server = createServer((request, response) => {
    addPageScript(request, response, () => SRC)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers, method })
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { text: new TextDecoder().decode(bytes), headers: response.headers, bytes }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const WAYS: Record<string, Handler> = {
  'end alone': (_, response) => {
    response.setHeader('Content-Type', TYPE)
    response.end(PAGE)
  },
  'end with a callback': (_, response) => {
    response.setHeader('Content-Type', TYPE)
    response.end(Buffer.from(PAGE), () => response.emit('told'))
  },
  'a length that is said before': (_, response) => {
    response.setHeader('Content-Type', TYPE)
    response.setHeader('Content-Length', Buffer.byteLength(PAGE))
    response.end(PAGE, 'utf8')
  },
  'writeHead with an object': (_, response) => {
    response.writeHead(200, { 'content-type': TYPE, 'content-length': Buffer.byteLength(PAGE) })
    response.end(PAGE)
  },
  'writeHead with a reason': (_, response) => {
    response.writeHead(200, 'fine', { 'Content-Type': TYPE }).end(PAGE)
  },
  'writeHead with a flat list': (_, response) => {
    const length = String(Buffer.byteLength(PAGE))
    const cookies = ['set-cookie', 'a=1', 'set-cookie', 'b=2']
    response.writeHead(200, ['content-type', TYPE, ...cookies, 'content-length', length])
    response.end(PAGE)
  },
  'a stream': async (_, response) => {
    response.setHeader('Content-Type', TYPE)
    response.write(PAGE.slice(0, 10))
    response.write(Buffer.from(PAGE.slice(10)))
    response.end()
  },
}

test.each(Object.entries(WAYS))('the script is at the end of a page: %s', async (_, handler) => {
  const { text, bytes, headers } = await load(handler)
  expect(text).toBe(PAGE + TAG)
  const length = headers.get('content-length')
  if (length !== null) expect(Number(length)).toBe(bytes.length)
})

test('what is said twice stays so', async () => {
  const { headers } = await load(WAYS['writeHead with a flat list'] as Handler)
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

test('it has the nonce that the policy asks for', async () => {
  const { text } = await load((_, response) => {
    response.setHeader('Content-Security-Policy', "img-src 'self'; script-src 'nonce-aB1+/='")
    response.setHeader('Content-Type', TYPE)
    response.end(PAGE)
  })
  expect(text).toContain(`<script src="${SRC}" nonce="aB1+/="></script>`)
})

test('a page is not compressed, for whatever compresses asks the request', async () => {
  const { text } = await load(
    ({ headers }, response) => {
      response.setHeader('Content-Type', TYPE)
      if (!headers['accept-encoding']?.includes('gzip')) return response.end(PAGE)
      response.setHeader('Content-Encoding', 'gzip')
      response.end(gzipSync(PAGE))
    },
    { 'sec-fetch-dest': 'document', 'accept-encoding': 'gzip' },
  )
  expect(text).toBe(PAGE + TAG)
})

describe('everything else stays as it is', () => {
  const answer = (headers: Record<string, string>, body: string | Buffer = PAGE, status = 200) =>
    ((_, response) => response.writeHead(status, headers).end(body)) as Handler
  test.each<[string, Handler, Record<string, string>?, string?]>([
    ['JSON', answer({ 'content-type': 'application/json' }, '{}')],
    ['no type', answer({})],
    ['a download', answer({ 'content-type': TYPE, 'content-disposition': 'attachment' })],
    ['a frame', answer({ 'content-type': TYPE }), { 'sec-fetch-dest': 'iframe' }],
    ['a fragment that code asks for', answer({ 'content-type': TYPE }), { accept: 'text/html' }],
    ['a PUT', answer({ 'content-type': TYPE }), { 'sec-fetch-dest': 'document' }, 'PUT'],
  ])('%s', async (_, handler, headers, method) => {
    const { text } = await load(handler, headers, method)
    expect(text).not.toContain('<script')
  })

  test('what is compressed already', async () => {
    const { bytes } = await load((_, response) => {
      response.writeHead(200, { 'content-type': TYPE, 'content-encoding': 'x-own' })
      response.end(gzipSync(PAGE))
    })
    expect(gunzipSync(bytes).toString()).toBe(PAGE)
  })

  test('a redirection and an answer from the cache', async () => {
    for (const status of [204, 304]) {
      const { text } = await load((_, response) =>
        response.writeHead(status, { 'content-type': TYPE }).end(),
      )
      expect(text).toBe('')
    }
  })
})

test('without Sec-Fetch headers, as on another machine, a navigation is known by what it prefers', async () => {
  const headers = { accept: 'text/html,*/*', 'upgrade-insecure-requests': '1' }
  expect((await load(WAYS['end alone'] as Handler, headers)).text).toBe(PAGE + TAG)
})

test.each(['end alone', 'a length that is said before', 'a stream'])(
  'over HTTP/2: %s',
  async (way) => {
    const server = createHttp2Server((request, response) => {
      const [one, two] = [request, response] as unknown as [IncomingMessage, ServerResponse]
      addPageScript(one, two, () => SRC)
      WAYS[way]?.(one, two)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      const stream = client.request({ ':path': '/', 'sec-fetch-dest': 'document' })
      let text = ''
      for await (const chunk of stream.setEncoding('utf8')) text += chunk as string
      expect(text).toBe(PAGE + TAG)
    } finally {
      client.close()
      server.close()
    }
  },
)

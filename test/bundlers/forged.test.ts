import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { type Upstream, upstream } from '../_utils/upstream.ts'
import { HOSTS, type Running } from './_in-process.ts'

const TIME_UP_MS = 15_000

/** Sends bytes as they are and gives all that comes back until the server closes the connection. */
async function send(port: number, text: string): Promise<string> {
  const socket = connect(port, 'localhost')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
  // A server that waits for more would have been smuggled something.
  const timer = setTimeout(() => socket.destroy(), TIME_UP_MS)
  await once(socket, 'close')
  clearTimeout(timer)
  return answer
}

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`

describe.each(['vite', 'webpack'])('forged requests to %s', (name) => {
  const root = tempRoot()
  let api: Upstream
  let running: Running
  let own = ''
  beforeAll(async () => {
    const [dev, apiPort] = await freeRange(2)
    root.write({ 'main.js': 'export {}', 'index.html': '<h1>app</h1>' })
    api = await upstream('api', { port: apiPort })
    running = (await HOSTS[name]?.(root.dir, {
      summary: false,
      services: { dev, api: { preferred: apiPort, proxy: '/api', identity: 'off' } },
    })) as Running
    own = `Host: localhost:${running.port}`
  })
  afterAll(async () => {
    await running.close()
    await api[Symbol.asyncDispose]()
    root[Symbol.dispose]()
  })

  /** What the API has been asked by `work` alone. */
  async function asked(text: string): Promise<{ answer: string; requests: Upstream['requests'] }> {
    const before = api.requests.length
    const answer = await send(running.port, text)
    return { answer, requests: api.requests.slice(before) }
  }

  test('an ordinary one goes through, so that the others mean something', async () => {
    const { answer, requests } = await asked(lines('GET /api/x HTTP/1.1', own, 'Connection: close'))
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(requests.map(({ url }) => url)).toEqual(['/api/x'])
  })

  const inner = lines('GET /api/smuggled HTTP/1.1', 'Host: x')
  const smuggled: [string, string[], string][] = [
    ['two lengths', ['Content-Length: 0', `Content-Length: ${inner.length}`], inner],
    [
      'a length beside chunks',
      ['Content-Length: 6', 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${inner}`,
    ],
    ['chunks by another name', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${inner}`],
    ['chunks that are not the last', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${inner}`],
    ['a length with a sign', ['Content-Length: +5'], `abcde${inner}`],
    ['a name with a space', ['Content-Length : 5'], `abcde${inner}`],
    ['a line that goes on', ['X-A: 1', ' Transfer-Encoding: chunked', 'Content-Length : 1'], inner],
    ['a length in hexadecimal', ['Content-Length: 0x5'], `abcde${inner}`],
  ]
  test.each(smuggled)('%s: nothing is passed on', async (_, headers, body) => {
    const head = lines('POST /api/x HTTP/1.1', own, ...headers)
    const { answer, requests } = await asked(head + body)
    expect(requests.map(({ url }) => url)).not.toContain('/api/smuggled')
    expect(answer).toMatch(/^(?:HTTP\/1.1 400 |$)/)
    expect(requests).toEqual([])
  })

  test.each(['h2c', 'TLS/1.0', 'websocket, h2c', ''])(
    'an upgrade to %j opens nothing',
    async (to) => {
      const upgrade = [
        'Connection: Upgrade, HTTP2-Settings',
        `Upgrade: ${to}`,
        'HTTP2-Settings: AA',
      ]
      const head = lines('GET /api/x HTTP/1.1', own, ...upgrade)
      const last = lines('GET /api/last HTTP/1.1', own, 'Connection: close')
      const { answer } = await asked(head + last)
      expect(answer).not.toMatch(/^HTTP\/1.1 101 /m)
    },
  )

  test.each([
    ['of another site', `GET http://evil.test/api/x HTTP/1.1`],
    ['of the status page', `GET http://evil.test/__ports/status.json HTTP/1.1`],
    ['of a server beside', `GET http://127.0.0.1:1/api/x HTTP/1.1`],
  ])('a whole URL %s leads nowhere else', async (_, line) => {
    const { answer, requests } = await asked(lines(line, own, 'Connection: close'))
    expect(answer).toMatch(/^HTTP\/1.1 \d{3} /)
    expect(answer).not.toContain('"checkout"')
    // Whoever is asked, it is the API of this checkout, and knows who asks.
    for (const { headers } of requests) expect(headers.host).toContain('localhost')
  })

  test('slashes in disguise do not lead out of the path that was asked for', async () => {
    for (const path of [
      '/api/..%2f__ports/status.json',
      '/api/%2e%2e/__ports/',
      '/api\\..\\__ports/',
    ]) {
      const { answer, requests } = await asked(
        lines(`GET ${path} HTTP/1.1`, own, 'Connection: close'),
      )
      expect(answer, path).not.toContain('"checkout"')
      for (const { url } of requests) expect(url, path).toMatch(/^\/api/)
    }
    const hidden = await asked(
      lines('GET /%5f%5fports/status.json HTTP/1.1', own, 'Connection: close'),
    )
    expect(hidden.answer).not.toContain('"checkout"')
  })

  test.each(['/api/../x', '/api/%2e%2e/x', '/api/.%2E/x', '/api\\..\\x', '/api/a/..'])(
    '%s is refused, also as a WebSocket',
    async (path) => {
      const plain = await asked(lines(`GET ${path} HTTP/1.1`, own, 'Connection: close'))
      expect(plain.answer).toMatch(/^HTTP\/1.1 400 /)
      const socket = [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        `Origin: http://localhost:${running.port}`,
      ]
      const upgrade = await asked(lines(`GET ${path} HTTP/1.1`, own, ...socket))
      expect(upgrade.answer).not.toMatch(/^HTTP\/1.1 101 /)
      expect([...plain.requests, ...upgrade.requests]).toEqual([])
    },
  )

  test.each(['/api/..a', '/api/a..', '/api/x?q=/../y', '/api/..%2fx', '/api/...'])(
    '%s is a path like any other',
    async (path) => {
      const { answer } = await asked(lines(`GET ${path} HTTP/1.1`, own, 'Connection: close'))
      expect(answer).toMatch(/^HTTP\/1.1 200 /)
    },
  )

  test('headers of proxies and of ours are taken from nobody', async () => {
    const forged = [
      'X-Ports-Upstream: evil',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: https',
      'Forwarded: host=evil.test',
      'X-Ports-Token: x',
    ]
    const { answer } = await asked(
      lines('GET /api/x HTTP/1.1', own, ...forged, 'Connection: close'),
    )
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(answer.split('\r\n\r\n', 1)[0]).not.toContain('evil')
    const page = await asked(
      lines('GET /__ports/explain.json?service=api HTTP/1.1', own, ...forged, 'Connection: close'),
    )
    expect(page.answer).toMatch(/^HTTP\/1.1 403 /)
  })

  test('a name that points here by DNS gets neither the page nor the API', async () => {
    for (const path of ['/__ports/status.json', '/api/x']) {
      const { answer, requests } = await asked(
        lines(`GET ${path} HTTP/1.1`, 'Host: evil.test', 'Connection: close'),
      )
      expect(answer, path).toMatch(/^HTTP\/1.1 403 |Invalid Host/)
      expect(requests, path).toEqual([])
    }
  })
})

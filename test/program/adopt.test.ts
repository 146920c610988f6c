import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import {
  connect as connectHttp2,
  createSecureServer,
  createServer as createHttp2,
} from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { connect, createServer as createNet, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { get } from '../_utils/http.ts'

const certificate = await selfSigned()

async function askNet(port: number): Promise<string> {
  const socket = connect(port, 'localhost')
  const [data] = (await once(socket.setEncoding('utf8'), 'data')) as [string]
  socket.destroy()
  return data
}

async function askHttp2(url: string): Promise<string> {
  const session = connectHttp2(url, { rejectUnauthorized: false })
  const stream = session.request({ ':path': '/' })
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk as string
  session.close()
  return text
}

const servers: [name: string, make: () => Server, ask: (port: number) => Promise<string>][] = [
  ['net', () => createNet((socket) => socket.end('hello')), askNet],
  [
    'http',
    () => createHttp((_request, response) => response.end('hello')),
    async (port) => (await get(`http://localhost:${port}`)).text,
  ],
  [
    'https',
    () => createHttps(certificate, (_request, response) => response.end('hello')),
    async (port) => (await get(`https://localhost:${port}`)).text,
  ],
  [
    'http2',
    () => createHttp2((_request, response) => response.end('hello')),
    (port) => askHttp2(`http://localhost:${port}`),
  ],
  [
    'http2 with TLS',
    () => createSecureServer(certificate, (_request, response) => response.end('hello')),
    (port) => askHttp2(`https://localhost:${port}`),
  ],
]

test.each(servers)('%s adopts the port, with who waited and who comes', async (_, make, ask) => {
  await using one = await reserve()
  const early = ask(one.port)
  // Whoever came first is connected by then, too.
  const second = connect(one.port, 'localhost')
  await once(second, 'connect')
  second.destroy()
  const server = make()
  one.adoptInto(server)
  expect(server.listening).toBe(true)
  expect(await early).toBe('hello')
  expect(await ask(one.port)).toBe('hello')
  expect(one.state).toBe('serving')
  server.close()
})

import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { WebSocket } from 'ws'

/** Asks as a browser does for a page, on a connection of its own; certificates are not checked. */
export async function get(url: string): Promise<{ status: number | undefined; text: string }> {
  const { status, text } = await answer(url)
  return { status, text }
}

/** The same with the headers of the answer; redirects are not followed. */
export async function answer(url: string): Promise<{
  status: number | undefined
  headers: IncomingMessage['headers']
  text: string
}> {
  const options: RequestOptions = { agent: false, headers: { accept: 'text/html' } }
  const request = url.startsWith('https:')
    ? requestHttps(url, { ...options, rejectUnauthorized: false })
    : requestHttp(url, options)
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  return { status: response.statusCode, headers: response.headers, text }
}

/** Sends `message` over a new WebSocket and gives what comes back. */
export async function echo(url: string, message: string): Promise<string> {
  const socket = connect(url)
  await once(socket, 'open')
  socket.send(message)
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return data.toString()
}

/** The status with which a WebSocket is refused. */
export async function refusal(url: string): Promise<number | undefined> {
  const socket = connect(url)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  socket.on('error', () => {}).terminate()
  return response.statusCode
}

/** As a page of the same origin does; dev servers refuse a handshake that names none. */
function connect(url: string): WebSocket {
  return new WebSocket(url.replace('http', 'ws'), { headers: { origin: new URL(url).origin } })
}

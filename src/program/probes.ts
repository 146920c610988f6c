import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'

/** Where a server is looked for. */
export interface ProbeTarget {
  readonly host: string
  readonly port: number
}

/** What came of asking for a page. `'other'`: somebody is there who speaks another protocol. */
export type PageAnswer = { readonly status: number } | 'refused' | 'silent' | 'other'

/** Whether somebody accepts a connection there before `signal` ends the attempt; asks both families of a name. */
export function probeConnect({ host, port }: ProbeTarget, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const finish = (open: boolean): void => {
      signal.removeEventListener('abort', giveUp)
      socket.destroy()
      resolve(open)
    }
    const giveUp = (): void => finish(false)
    signal.addEventListener('abort', giveUp)
    socket.on('connect', () => finish(true))
    socket.on('error', giveUp)
    if (signal.aborted) giveUp()
  })
}

/** Asks for a page; certificates are not checked, because nothing is believed of the answer but its status. */
export function probePage(
  { host, port }: ProbeTarget,
  path: string,
  secure: boolean,
  signal: AbortSignal,
): Promise<PageAnswer> {
  return new Promise((resolve) => {
    const options = { host, port, path, agent: false, signal, headers: { accept: '*/*' } }
    const request = secure
      ? requestHttps({ ...options, rejectUnauthorized: false })
      : requestHttp(options)
    let connected = false
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true
      })
    })
    request.on('response', (response) => {
      response.on('error', () => {})
      resolve({ status: response.statusCode ?? 0 })
      response.destroy()
    })
    request.on('error', () => {
      if (signal.aborted) resolve('silent')
      else resolve(connected ? 'other' : 'refused')
    })
    request.end()
  })
}

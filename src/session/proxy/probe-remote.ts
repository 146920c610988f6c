import type { ClientRequest } from 'node:http'
import type { ProxyHop } from '../../bundlers/adapter.ts'
import type { ResolvedHealth } from '../../options/health.ts'

/** A server elsewhere that has not answered by then can't serve, in milliseconds. */
const TIMEOUT_MS = 2000

/**
 * Asks a server elsewhere for the health path, or for `/`: any status below 500 is health, or those
 * that the service names.
 *
 * @returns Why it can't serve; `undefined` when it can.
 */
export async function probeRemote(
  { target, remote }: ProxyHop,
  { health, secure }: { readonly health: ResolvedHealth | undefined; readonly secure: boolean },
): Promise<string | undefined> {
  const { request } = (await import(
    target.protocol === 'https:' ? 'node:https' : 'node:http'
  )) as typeof import('node:https')
  const { path = '/', status = [], timeoutMs = TIMEOUT_MS } = health ?? {}
  return new Promise((resolve) => {
    const finish = (reason: string | undefined): void => {
      clearTimeout(timer)
      resolve(reason)
      asked.destroy()
    }
    const asked: ClientRequest = request({
      hostname: target.hostname,
      port: target.port,
      path: `${remote?.base ?? ''}${path}`,
      agent: false,
      rejectUnauthorized: secure,
      headers: {
        host: remote?.host ?? target.host,
        'user-agent': 'unplugin-ports',
        connection: 'close',
        ...(remote?.authorization !== undefined && { authorization: remote.authorization }),
      },
    })
    const timer = setTimeout(() => finish(`no answer within ${timeoutMs} ms`), timeoutMs)
    timer.unref()
    asked.on('error', (error) => finish(error.message || String(error)))
    asked.once('response', (response) => {
      response.on('error', () => {})
      const code = response.statusCode ?? 0
      const healthy = status.length > 0 ? status.includes(code) : code < 500
      finish(healthy ? undefined : `answers with status ${code}`)
    })
    asked.end()
  })
}

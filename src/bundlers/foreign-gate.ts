import type { ClientRequest, IncomingMessage } from 'node:http'
import type { ProxyRoute, ProxyTarget, StartHint } from './adapter.ts'
import { answerMissing, refusalText } from './proxy-answer.ts'
import { markAnswer, prepareRequest } from './proxy-hop.ts'

/** A listener of http-proxy-middleware. */
export type Listener = (...args: unknown[]) => void

/** Sends the requests of an http-proxy-middleware where they belong, and never to another checkout's server. */
export interface ForeignGate {
  /** The option of that name: says where each request goes, after it is known who is there. */
  router(request: IncomingMessage): Promise<ProxyTarget | string>
  /** The listener for `proxyReq`, with the user's own one behind it. */
  before(next: Listener | undefined): Listener
  /** The listener for `proxyRes`, with the user's own one behind it. */
  after(next: Listener | undefined): Listener
  /** The answer to a request that was refused; `undefined` for every other one. */
  refusal(request: unknown): string | undefined
}

/** A gate in front of the service behind a proxied path. */
export function foreignGate(service: {
  readonly url: string
  readonly route: ProxyRoute
  hint(): StartHint
}): ForeignGate {
  const refused = new WeakMap<object, string>()
  return {
    async router(request) {
      const { route } = service
      await route.settle()
      const refusal = route.refusal()
      if (refusal) {
        refused.set(request, refusalText(refusal, service.hint(), request.url ?? '/'))
        // The failure of a WebSocket's router is answered like any other; that of a request is not.
        if (request.headers.upgrade !== undefined) throw new Error(`refused: ${refusal.reason}`)
        return service.url
      }
      const hop = route.next()
      prepareRequest(request, hop)
      return hop.target
    },
    after:
      (next) =>
      (answer, request, ...rest) => {
        markAnswer(answer, request)
        next?.(answer, request, ...rest)
      },
    before:
      (next) =>
      (proxied, request, response, ...rest) => {
        const text = refused.get(request as object)
        if (text === undefined) {
          next?.(proxied, request, response, ...rest)
          return
        }
        // Nothing has been sent yet: the socket is only just there.
        answerMissing(response, text)
        ;(proxied as ClientRequest).destroy()
      },
    refusal: (request) => refused.get(request as object),
  }
}

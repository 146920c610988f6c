import type { ClientRequest, IncomingMessage } from 'node:http'
import type { ProxyGuard, StartHint } from './adapter.ts'
import { answerMissing, foreignServerText } from './proxy-answer.ts'

/** A listener of http-proxy-middleware. */
export type Listener = (...args: unknown[]) => void

/** Keeps an http-proxy-middleware from another checkout's server. */
export interface ForeignGate {
  /** The option of that name: says where each request goes, after it is known who is there. */
  router(request: IncomingMessage): Promise<string>
  /** The listener for `proxyReq`, with the user's own one behind it. */
  before(next: Listener | undefined): Listener
  /** The answer to a request that was refused; `undefined` for every other one. */
  refusal(request: unknown): string | undefined
}

/** A gate in front of the service behind a proxied path. */
export function foreignGate(service: {
  readonly url: string
  readonly guard: ProxyGuard
  hint(): StartHint
}): ForeignGate {
  const refused = new WeakMap<object, string>()
  const { guard } = service
  return {
    async router(request) {
      await guard.settle()
      const who = guard.refusal()
      if (who !== undefined) {
        refused.set(request, foreignServerText(service.hint(), who, request.url ?? '/'))
        // The failure of a WebSocket's router is answered like any other; that of a request is not.
        if (request.headers.upgrade !== undefined) throw new Error(`refused: ${who}`)
      }
      return service.url
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

import { connect } from 'node:net'
import type { Endpoint } from '../net/endpoint.ts'
import { MAX_ANSWER_BYTES, parseAnswer } from './answer.ts'
import type { LeaseName } from './names.ts'
import type { OrderFile } from './order-file.ts'
import {
  challengeIn,
  type Order,
  type OrderName,
  type OrderReply,
  parseReply,
  proofOf,
} from './order.ts'

/** An owner that does not reply in this time is busy or suspended, in milliseconds. */
const ORDER_TIMEOUT_MS = 2000
/** A trace of tens of thousands of candidates fits. */
const MAX_REPLY_LENGTH = 16 * 1024 * 1024

/**
 * Gives the owner of a lease an order.
 *
 * @param file The owner's order file; nothing is sent when another process answers.
 * @returns `undefined` when nobody leases the endpoint, another process does, or there was no reply in time.
 */
export function giveOrder(
  endpoint: Endpoint,
  name: LeaseName,
  order: OrderName,
  file: Pick<OrderFile, 'pid' | 'token'>,
): Promise<OrderReply | undefined> {
  return new Promise((resolve) => {
    const socket = connect(name.path)
    let text = ''
    let sent = false
    const finish = (reply?: OrderReply): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reply)
    }
    const timer = setTimeout(finish, ORDER_TIMEOUT_MS)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > (sent ? MAX_REPLY_LENGTH : MAX_ANSWER_BYTES)) return finish()
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        if (sent) return finish(parseReply(line))
        const challenge = challengeIn(line)
        if (parseAnswer(line, endpoint)?.pid !== file.pid || !challenge) return finish()
        sent = true
        const proof = proofOf(file.token, challenge, endpoint, order)
        socket.write(`${JSON.stringify({ v: 1, order, proof } satisfies Order)}\n`)
      }
    })
    socket.on('error', () => finish())
    socket.on('close', () => finish())
  })
}

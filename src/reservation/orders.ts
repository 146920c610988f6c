import { randomBytes } from 'node:crypto'
import { removeOrderFile, writeOrderFile } from '../lease/order-file.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { type OrderReply, parseOrder, proofOf, type Refusal } from '../lease/order.ts'
import { isSameSecret } from '../utils/same-secret.ts'
import { findReservation } from './find-reservation.ts'
import { registry } from './registry.ts'
import { tracesOf } from './trace.ts'

/** Where this process takes orders from others of its user. */
export interface OrderDesk {
  readonly token: string
  /** Ends the command that this process runs; absent when it runs none. */
  stop?: (() => void) | undefined
}

/**
 * The order desk of this process (in a worker, of this thread), made on first use. Its token is
 * written down a little later, out of the way of the start, and removed at exit.
 */
export function orderDesk(stateDir: string, pid: number): OrderDesk {
  const shared = registry()
  if (shared.orders) return shared.orders
  const desk: OrderDesk = { token: randomBytes(24).toString('base64url') }
  shared.orders = desk
  const timer = setTimeout(() => {
    const startedAt = Math.round(performance.timeOrigin)
    const path = writeOrderFile(stateDir, { pid, startedAt, token: desk.token })
    if (path !== undefined) process.on('exit', () => removeOrderFile(path))
  })
  timer.unref()
  return desk
}

/** Carries out one line that came in through the lease of `endpoint`, when it proves to know the desk's token. */
export function obeyOrder(
  line: string,
  challenge: string,
  desk: OrderDesk,
  root: string,
  endpoint: Endpoint,
): OrderReply {
  const order = parseOrder(line)
  if (!order) return refuse('token')
  const expected = proofOf(desk.token, challenge, endpoint, order.order)
  if (!isSameSecret(order.proof, expected)) return refuse('token')
  switch (order.order) {
    case 'explain':
      return { v: 1, ok: true, result: tracesOf(root) }
    case 'release':
      return release(root, endpoint)
    case 'yield':
      return yieldLease(root, endpoint)
    case 'stop':
      return stop(desk, root, endpoint)
  }
}

/** One service's process where it runs several, else the one that this process is there for. */
function stop(desk: OrderDesk, root: string, endpoint: Endpoint): OrderReply {
  const { processes } = registry().sessions.get(root) ?? {}
  const service = findReservation(root, endpoint)?.service
  const runs = processes?.all().some((one) => one.service === service)
  if (processes && service !== undefined && runs) void processes.stop(service)
  else if (desk.stop) desk.stop()
  else return refuse('not-running')
  return { v: 1, ok: true }
}

function release(root: string, endpoint: Endpoint): OrderReply {
  const found = findReservation(root, endpoint)
  if (!found) return refuse('unknown')
  if (found.state === 'serving') return refuse('serving')
  void found.release()
  return { v: 1, ok: true }
}

function yieldLease(root: string, endpoint: Endpoint): OrderReply {
  const found = findReservation(root, endpoint)
  if (!found) return refuse('unknown')
  return found.yieldLease() ? { v: 1, ok: true } : refuse('serving')
}

function refuse(refusal: Refusal): OrderReply {
  return { v: 1, ok: false, refusal }
}

import type { LeaseAnswer } from '../lease/answer.ts'
import { giveOrder } from '../lease/give-order.ts'
import { leaseName, type LeasePlace } from '../lease/names.ts'
import { type OrderFile, readOrderFiles, whereWeAre } from '../lease/order-file.ts'
import type { OrderName, OrderReply } from '../lease/order.ts'
import { endpointOf } from '../net/endpoint.ts'
import { processFacts } from '../net/owners/process-facts.ts'

/** What came of an order. `'unreachable'`: its owner takes no orders from this user. */
export type OrderOutcome = OrderReply | 'unreachable'

/**
 * Two clocks tell when a process started, and the system's own moves when it is set; a number is
 * hardly given to another process within this time, in milliseconds.
 */
const START_TOLERANCE_MS = 5000

/** Gives the owner of a lease an order, with the token that it wrote down for this user. */
export async function orderOwner(
  lease: Pick<LeaseAnswer, 'port' | 'protocol' | 'path' | 'pid'>,
  order: OrderName,
  place: LeasePlace,
): Promise<OrderOutcome> {
  const endpoint = endpointOf(lease)
  const name = leaseName(endpoint, place.platform, place.stateDir)
  // One for each thread of the process.
  for (const file of await ordersOf(lease.pid, place)) {
    const reply = await giveOrder(endpoint, name, order, file)
    if (reply && (reply.ok || reply.refusal !== 'token')) return reply
  }
  return 'unreachable'
}

async function ordersOf(pid: number, { stateDir }: LeasePlace): Promise<OrderFile[]> {
  const files = readOrderFiles(stateDir, pid)
  if (files.length === 0) return []
  const here = whereWeAre()
  const facts = await processFacts(pid)
  const startedAt = facts?.startedAt === undefined ? undefined : Date.parse(facts.startedAt)
  return files.filter((file) => {
    if (file.where !== here) return false
    return startedAt === undefined || Math.abs(file.startedAt - startedAt) < START_TOLERANCE_MS
  })
}

import { addressesToCheck, type BindAddress, type MachineAddresses } from '../net/addresses.ts'
import { createHolder } from '../net/create-holder.ts'
import type { EndpointParts } from '../net/endpoint.ts'
import type { RejectReason } from '../types.ts'
import { ask, type Steps } from './questions.ts'

/** The part of an allocation that checks need. */
export interface CheckedMachine {
  readonly machine: MachineAddresses
}

/** Why a server that is bound can't be alone there: who stands on another address that `localhost` may mean. */
export function* checkOthers(
  at: EndpointParts,
  bound: BindAddress,
  context: CheckedMachine,
): Steps<RejectReason | undefined> {
  if (at.path !== undefined) return undefined
  for (const address of addressesToCheck(bound, context.machine)) {
    const failure = yield* probe(at, address)
    if (failure && failure !== 'no-address') return failure
  }
  return undefined
}

/** Why a server can't have an endpoint there, on this address or another one that `localhost` may mean. */
export function* checkAll(
  at: EndpointParts,
  bound: BindAddress,
  context: CheckedMachine,
): Steps<RejectReason | undefined> {
  const failure = yield* probe(at, bound.address)
  return failure ?? (yield* checkOthers(at, bound, context))
}

/** Why a server can't have an endpoint on exactly this address. */
export function* probe(
  at: EndpointParts,
  address: string | undefined,
): Steps<RejectReason | undefined> {
  const { port } = at
  const holder = createHolder({ ...at, speaksHttp: false })
  const outcome = holder.bind(port, address)
  if (!outcome.ok) return yield* ask({ ask: 'bind-failure', port, reason: outcome.reason })
  holder.close()
  return undefined
}

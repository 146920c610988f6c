import { once } from 'node:events'
import { connect } from 'node:net'
import type { LeaseAnswer } from '../../lease/answer.ts'
import { listInterfaces } from '../../net/interfaces.ts'
import type { ReachedPort } from '../checks/open-host.ts'

/** Nothing in this machine takes longer to answer. */
const TIMEOUT_MS = 500

/** The address under which others in the network know this machine; `undefined` without one. */
export function networkAddress(): string | undefined {
  return Object.values(listInterfaces() ?? {})
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** Of some live TCP services those that answer on `address`, by connecting once to each. */
export async function gatherReached(
  leases: readonly LeaseAnswer[],
  address: string | undefined = networkAddress(),
): Promise<ReachedPort[]> {
  if (address === undefined) return []
  const tried = await Promise.all(
    leases
      .filter(({ port, protocol }) => port > 0 && protocol === undefined)
      .map(async ({ port, service }) =>
        (await answers(port, address)) ? { port, service, address } : [],
      ),
  )
  return tried.flat()
}

async function answers(port: number, host: string): Promise<boolean> {
  const socket = connect({ port, host })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return true
  } catch {
    return false
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

import { PortsError } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { nearPath } from '../reservation/holder-text.ts'
import { type Here, leasesHere, nearestRoot } from './leases-here.ts'

/** A port that was named, or that a service of this checkout has. */
export interface Target {
  readonly port: number
  /** For people: `"api"` or `port 3000`. */
  readonly name: string
  readonly service?: string
}

/**
 * The port of a service of this checkout.
 *
 * @returns `undefined` when none of its running sessions has such a service.
 * @throws PortsError `PORTS_NO_SERVICE` when several roots have one and `cwd` lies in none of them.
 */
export async function findService(service: string, here: Here): Promise<LeaseAnswer | undefined> {
  const named = (await leasesHere(here)).filter((lease) => lease.service === service)
  const [found, ...more] = nearestRoot(named, here.cwd)
  if (found && more.some(({ port }) => port !== found.port)) {
    const roots = [found, ...more].map(({ root, port }) => `${nearPath(root, here.cwd)} (${port})`)
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `"${service}" could be that of ${roots.join(' or ')}. Go to one of these directories (or pass it as --cwd), or name the port.`,
    )
  }
  return found
}

/**
 * What a person named: a port is itself, anything else is a service of this checkout.
 *
 * @throws PortsError `PORTS_NO_SERVICE` when there is no such service.
 */
export async function findTarget(named: number | string, here: Here): Promise<Target> {
  if (typeof named === 'number') return { port: named, name: `port ${named}` }
  const lease = await findService(named, here)
  if (lease) return { port: lease.port, name: `"${named}"`, service: named }
  throw new PortsError('PORTS_NO_SERVICE', await noService(named, here))
}

/** Says that there is no such service, and which there are. */
export async function noService(service: string, here: Here): Promise<string> {
  const names = [...new Set((await leasesHere(here)).map((lease) => `"${lease.service}"`))]
  const { dir } = here.checkout
  if (names.length === 0) {
    return `no service "${service}": nothing of ${dir} is running now. Start it, or name the port.`
  }
  return `no service "${service}" in ${dir} now. It has ${names.join(', ')}.`
}

import { PortsError } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { type Endpoint, endpointOf, endpointText } from '../net/endpoint.ts'
import { nearPath } from '../reservation/holder-text.ts'
import { configuredServices } from './configured-services.ts'
import { allLeasesHere, type Here, leasesHere, nearestRoot } from './leases-here.ts'

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
  return findAmong(await leasesHere(here), service, here)
}

/**
 * What is leased for a service of this checkout, whatever its protocol.
 *
 * @throws PortsError as {@link findService}, and when there is no such service.
 */
export async function findEndpoint(service: string, here: Here): Promise<Endpoint> {
  const lease = findAmong(await allLeasesHere(here), service, here)
  if (lease) return endpointOf(lease)
  throw new PortsError('PORTS_NO_SERVICE', await noService(service, here))
}

function findAmong(
  leases: readonly LeaseAnswer[],
  service: string,
  here: Here,
): LeaseAnswer | undefined {
  const named = leases.filter((lease) => lease.service === service)
  const [found, ...more] = nearestRoot(named, here.cwd)
  if (found && more.some((other) => endpointOf(other) !== endpointOf(found))) {
    const roots = [found, ...more].map(
      (lease) => `${nearPath(lease.root, here.cwd)} (${endpointText(lease)})`,
    )
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

/** Says that there is no such service, and which there are, those of the config file too. */
export async function noService(service: string, here: Here): Promise<string> {
  const { dir } = here.checkout
  const leases = await allLeasesHere(here)
  const other = leases.find((lease) => lease.service === service && lease.protocol !== undefined)
  if (other) {
    return `"${service}" is at ${endpointText(other)}, and this is about TCP ports alone. \`ports\` lists it.`
  }
  const running = [...new Set(leases.map((lease) => lease.service))]
  // What is wrong with the file is told where its options are needed.
  const configured = await configuredServices(here.cwd).catch(() => [])
  if (configured.some(({ name }) => name === service)) {
    return `"${service}" of ${dir} has no port now: nothing that has it is running. Start it, for example with \`ports run --name ${service} <command>\`.`
  }
  const known = [...new Set([...running, ...configured.map(({ name }) => name)])]
  if (known.length === 0) {
    return `no service "${service}": nothing of ${dir} is running now. Start it, or name the port.`
  }
  const { nearestName } = await import('../options/suggest.ts')
  const meant = nearestName(service, known)
  const advice = meant === undefined ? '' : ` Did you mean "${meant}"?`
  const names = known.map((name) => `"${name}"`).join(', ')
  return `no service "${service}" in ${dir} now. It has ${names}.${advice}`
}

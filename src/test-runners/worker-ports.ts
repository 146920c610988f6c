import { type ChildHandover, openChildHandover } from '../child/hand-to-children.ts'
import { programOptions } from '../config/effective-options.ts'
import { PortsOptionError } from '../errors.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { newPorts } from '../program/create.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { SessionWorld } from '../session/world.ts'
import type { Options } from '../types.ts'
import type { Addresses } from './carried.ts'
import type { TestPortsOptions } from './vitest-types.ts'

/** The ports of all workers of one test run. */
export interface WorkerPorts {
  /** By service, one entry for each worker. */
  readonly workers: readonly Addresses[]
  /** Leads Node servers to their held sockets; `undefined` when none is held. */
  readonly handover: ChildHandover | undefined
  close(): Promise<void>
}

/** The bundler's servers are not what tests start. */
const BUNDLER_SERVICES: ReadonlySet<string> = new Set(['dev', 'hmr', 'preview'])

/**
 * Reserves one port for each service and worker, all or none. Preferred and remembered ports are
 * left to the servers that run beside the tests.
 *
 * @throws PortsOptionError for options that can't be understood, or without a service.
 * @throws PortsError when there are not enough ports.
 */
export async function reserveForWorkers(
  given: TestPortsOptions,
  count: number,
  root: string,
  world: SessionWorld,
): Promise<WorkerPorts> {
  const { options } = await programOptions({ ...plainOptions(given), root }, root)
  const services = options.services.filter(
    ({ name, protocol }) =>
      protocol === 'tcp' && (given.services !== undefined || !BUNDLER_SERVICES.has(name)),
  )
  if (services.length === 0) {
    throw new PortsOptionError(
      'services: name what the tests start, testPorts({ services: { api: {} } }) for example, or have a ports.config that does.',
    )
  }
  const ports = newPorts({ root, exclude: excluded(options.exclude) })
  try {
    const workers: Addresses[] = []
    const held: PortReservation[] = []
    for (let worker = 1; worker <= count; worker++) {
      const mine: Record<string, { port: number; url: string }> = {}
      for (const service of services) {
        const reservation = (await ports.reserve(wishOf(service, worker))) as PortReservation
        if (given.services?.[service.name]?.hold === false) reservation.letGo()
        else held.push(reservation)
        const { port, url } = reservation
        mine[service.name] = { port, url }
      }
      workers.push(mine)
    }
    const { place, env } = world
    const handover =
      held.length > 0 ? await openChildHandover(held, place.platform, env) : undefined
    const close = async (): Promise<void> => {
      handover?.close()
      await ports.close()
    }
    return { workers, handover, close }
  } catch (error) {
    await ports.close()
    throw error
  }
}

function wishOf(
  { name, range, rangeGiven, pool, host }: ResolvedService,
  worker: number,
): { label: string; range?: [number, number]; host?: string | boolean } {
  return {
    label: `${name}.test-${worker}`,
    ...((rangeGiven || pool !== undefined) && { range: [range.from, range.to] }),
    ...(host !== undefined && { host }),
  }
}

/** Without what only the tests' options have. */
function plainOptions({ services, pools, layout, exclude }: TestPortsOptions): Options {
  const plain = Object.entries(services ?? {}).map(([name, { hold: _hold, ...service }]) => {
    return [name, service] as const
  })
  return {
    ...(services && { services: Object.fromEntries(plain) }),
    ...(pools && { pools }),
    ...(layout && { layout }),
    ...(exclude && { exclude }),
  }
}

function excluded(ranges: readonly { from: number; to: number }[]): [number, number][] {
  return ranges.map(({ from, to }) => [from, to])
}

import { listLeases } from '../../lease/list.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { nearPath } from '../../reservation/holder-text.ts'
import type { SessionWorld } from '../../session/world.ts'
import type { LiveValues } from './complete.ts'

/** The services of this checkout that run now, and every port that somebody has leased, this checkout's first. */
export async function liveValues({ cwd, place }: SessionWorld): Promise<LiveValues> {
  const { checkout } = hereOf(cwd, place)
  const leases = await listLeases(place)
  const own = leases.filter((lease) => lease.checkout === checkout.dir)
  const others = leases.filter((lease) => lease.checkout !== checkout.dir)
  const services = new Map(own.map(({ service, port }) => [service, `port ${port}`]))
  return {
    services: Array.from(services, ([value, text]) => ({ value, text })),
    ports: [...own, ...others].map(({ port, service, checkout: where }) => ({
      value: String(port),
      text: where === checkout.dir ? service : `${service} in ${nearPath(where, checkout.dir)}`,
    })),
  }
}

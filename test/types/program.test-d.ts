// Compiled by `npm run types`; nothing here runs.
import { createServer as createHttp2 } from 'node:http2'
import {
  allocate,
  createPorts,
  defaultPorts,
  type Explanation,
  type Ports,
  ports,
  type PortsEvents,
  type PortStatus,
  reserve,
  type Reservation,
  type Reservations,
  type ReservedPorts,
  type ServiceProblem,
  type Utilisation,
  waitFor,
} from '../../src/api.ts'
import type { Options } from '../../src/types.ts'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_equal: Equal<A, B>): void => {}

export async function reserving(options: Options, count: number): Promise<void> {
  const one = await reserve()
  same<Reservation, typeof one>(true)
  const ranged = await reserve({ range: { from: 8000, until: 8100 }, label: 'x' })
  same<Reservation, typeof ranged>(true)
  const many = await reserve({ count, host: '127.0.0.1', contiguous: true })
  same<ReservedPorts, typeof many>(true)
  const first = many[0]
  same<Reservation | undefined, typeof first>(true)
  const named = await reserve({ services: { web: 5173 }, host: '127.0.0.1' })
  same<Reservations, typeof named>(true)
  // Options that were put together elsewhere are options still.
  const passed = await reserve(options)
  same<Reservations, typeof passed>(true)
  // @ts-expect-error: either services or a number of ports
  await reserve({ count: 5, services: {} })
  // @ts-expect-error: no such range
  await reserve({ range: { from: 8000, to: 8100 } })
  using _sync = one
  using _list = many
  await using _async = many
  using _named = named
  one.adoptInto(createHttp2())
  await many.release()
  // @ts-expect-error: the list is read only
  many.push(one)
}

export async function instances(): Promise<void> {
  await using mine = createPorts({
    services: { web: 5173, extra: { required: false }, sure: { required: true } },
  })
  const web = await mine.allocate('web')
  same<Reservation, typeof web>(true)
  const extra = await mine.allocate('extra')
  same<Reservation | undefined, typeof extra>(true)
  const sure = await mine.allocate('sure')
  same<Reservation, typeof sure>(true)
  const other = await mine.allocate('other')
  same<Reservation, typeof other>(true)
  const optional = await mine.allocate('job', { range: '9000-9010', required: false })
  same<Reservation | undefined, typeof optional>(true)
  const job = await mine.allocate('job', 9000)
  same<Reservation, typeof job>(true)
  // @ts-expect-error: an unknown option of a service
  await mine.allocate('job', { prefered: 9000 })
  // @ts-expect-error: an unknown option
  createPorts({ servics: {} })

  same<Record<string, Reservation>, Awaited<ReturnType<Ports['allocateAll']>>>(true)
  same<Reservation | undefined, ReturnType<Ports['get']>>(true)
  same<Record<string, number>, ReturnType<typeof ports>>(true)
  same<readonly ServiceProblem[], typeof mine.missing>(true)
  same<PortStatus[], Awaited<ReturnType<Ports['status']>>>(true)
  same<Utilisation[], Awaited<ReturnType<Ports['utilisation']>>>(true)
  same<Explanation, Awaited<ReturnType<Ports['explain']>>>(true)
  same<number | undefined, Awaited<ReturnType<Ports['findAvailable']>>>(true)
  same<Ports, ReturnType<typeof defaultPorts>>(true)
  const plain = await allocate('web')
  same<Reservation, typeof plain>(true)
  await waitFor('web', { state: 'healthy', signal: AbortSignal.timeout(5) })
  // @ts-expect-error: no such state
  await waitFor('web', { state: 'up' })
}

export function events(mine: Ports): void {
  const stop = mine.on('conflict', (event) => same<PortsEvents['conflict'], typeof event>(true))
  same<() => void, typeof stop>(true)
  mine.once('moved', ({ from, to }) => same<[number, number], [typeof from, typeof to]>(true))
  mine.off('error', ({ error }) => same<unknown, typeof error>(true))
  // @ts-expect-error: no such event
  mine.on('alocated', () => {})
}

import { PortsError } from '../errors.ts'
import { registry } from '../reservation/registry.ts'
import type { SessionUse } from '../reservation/session.ts'

/** Time that a service's port is waited for when the caller says nothing, in milliseconds. */
const TIMEOUT_MS = 30_000

/** Where and how long a service's port is waited for. */
export interface PortQuery {
  /** Default: the working directory. */
  readonly root?: string | undefined
  /**
   * Time to wait until the port is known, in milliseconds; `Infinity` waits for good.
   *
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
}

/** See `port` in the programmatic entry. */
export async function portOf(
  service: string,
  root: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<number> {
  const { onOpen } = registry()
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const look = (): boolean => {
      const answer = findPort(service, root)
      if (answer === undefined) return false
      onOpen.delete(look)
      clearTimeout(timer)
      if (typeof answer === 'number') resolve(answer)
      else reject(answer)
      return true
    }
    if (look()) return
    onOpen.add(look)
    if (timeoutMs === Infinity) return
    // Keeps the process alive, which would otherwise end without a word.
    timer = setTimeout(() => {
      onOpen.delete(look)
      reject(
        new PortsError(
          'PORTS_TIMEOUT',
          `nothing has reserved "${service}" for ${root} within ${timeoutMs} ms. Start the bundler with ports() in this process first, or name the root that it has.`,
        ),
      )
    }, timeoutMs)
  })
}

/** The port, why there will be none, or `undefined` while it may still come. */
function findPort(service: string, root: string): number | PortsError | undefined {
  const uses = [...(registry().sessions.get(root)?.uses ?? [])]
  for (const { reservations, offer } of uses) {
    const owner = offer?.shared[service]
    const found = reservations.get(service) ?? (owner && reservations.get(owner))
    if (found && !found.released) return found.path === undefined ? found.port : pathOnly(service)
  }
  const offers = uses.flatMap(({ offer }) => offer ?? [])
  if (offers.length === 0 || offers.some(({ later }) => later.includes(service))) return undefined
  return noService(service, root, uses)
}

function pathOnly(service: string): PortsError {
  return new PortsError(
    'PORTS_NO_SERVICE',
    `"${service}" has protocol "unix": it has a path and no port. allocations() has it.`,
  )
}

function noService(service: string, root: string, uses: readonly SessionUse[]): PortsError {
  const problems = uses.flatMap(({ missing }) => missing.filter((p) => p.service === service))
  const message =
    problems.length > 0
      ? `"${service}" of ${root} is not required, and no port could be had for it.`
      : `${root} has no service "${service}". ${adviceFor(uses)}`
  return new PortsError('PORTS_NO_SERVICE', message, { problems })
}

/** What there is instead. */
function adviceFor(uses: readonly SessionUse[]): string {
  const names = uses.flatMap(({ reservations, offer }) => [
    ...reservations.keys(),
    ...Object.keys(offer?.shared ?? {}),
  ])
  const known = [...new Set(names)]
  return known.length > 0
    ? `It has ${known.map((name) => `"${name}"`).join(', ')}.`
    : 'Add it to the services of ports().'
}

import type { LeaseAnswer } from '../lease/answer.ts'
import type { LeasePlace } from '../lease/names.ts'
import { findPortOwners, type PortOwner } from '../net/owners/index.ts'
import { runTool, type RunTool } from '../net/owners/run-tool.ts'
import { judge, type Verdict } from '../reservation/judge.ts'
import { askLeases } from '../reservation/who-holds.ts'
import { findCheckout } from '../utils/checkout.ts'
import { findProgram } from '../utils/find-program.ts'
import { shortenCommand } from '../utils/shorten-command.ts'
import { stripControls } from '../utils/strip-controls.ts'
import { type Container, findContainers } from './containers.ts'

/** A process that listens on a port, as far as it may be looked at; safe to print. */
export interface Listener {
  /** Absent when it is another user's. */
  readonly pid?: number
  /** Shortened for people, secrets masked. */
  readonly command?: string
  readonly cwd?: string
  /** Checkout that {@link Listener.cwd} lies in. */
  readonly checkout?: string
  readonly branch?: string
  /** ISO 8601, good to a second. */
  readonly startedAt?: string
}

/** Everything that can be told of one port. */
export interface PortView {
  readonly port: number
  readonly lease?: LeaseAnswer
  /** Whoever listens, the process that made the socket first. */
  readonly listeners: readonly Listener[]
  readonly container?: Container
}

/** What {@link lookAt} looks with. */
export interface Looking {
  readonly place: LeasePlace
  readonly env: Readonly<Record<string, string | undefined>>
  /** Default: the system's own tools. */
  readonly run?: RunTool
}

/** Searching the processes is given up after this, in milliseconds; what is known by then counts. */
const OWNERS_TIMEOUT_MS = 3000
/** Programs that listen in place of a container, on one platform or the other. */
const STAND_IN = /docker|containerd|podman|conmon|rootlessport|slirp4netns|vpnkit|wslrelay|gvproxy/i

/** Looks at each of `ports` once: its lease, who listens and, where that says little, its container. */
export async function lookAt(
  ports: readonly number[],
  { place, env, run = runTool }: Looking,
): Promise<Map<number, PortView>> {
  const [leases, owners] = await Promise.all([
    askLeases(ports, place),
    findPortOwners(ports, { timeoutMs: OWNERS_TIMEOUT_MS }),
  ])
  const views = [...new Set(ports)].map((port): PortView => {
    const lease = leases.get(port)
    const listeners = (owners.get(port) ?? []).map(toListener)
    return { port, listeners, ...(lease && { lease }) }
  })
  const docker = views.some(mayBeContainer) && findProgram('docker', env, place.platform)
  const containers = docker ? await findContainers(docker, run) : undefined
  return new Map(
    views.map((view) => {
      const container = mayBeContainer(view) ? containers?.get(view.port) : undefined
      return [view.port, { ...view, ...(container && { container }) }]
    }),
  )
}

/** The kernel may forward a container's port without any listener, or show one that is nobody's. */
function mayBeContainer({ lease, listeners }: PortView): boolean {
  if (listeners.length === 0) return lease?.state !== 'held'
  return listeners.some(({ pid, command }) => pid === undefined || STAND_IN.test(command ?? ''))
}

function toListener({ pid, command, cwd, startedAt }: PortOwner): Listener {
  return {
    ...(pid !== undefined && { pid }),
    ...(command && { command: shortenCommand(command) }),
    ...(cwd && { cwd: stripControls(cwd), ...checkoutOf(cwd) }),
    ...(startedAt && { startedAt }),
  }
}

function checkoutOf(cwd: string): Pick<Listener, 'checkout' | 'branch'> {
  const { dir, kind, branch } = findCheckout(cwd)
  // A process that sits in `/` or a home directory belongs to no project.
  return kind === 'directory' ? {} : { checkout: dir, ...(branch && { branch }) }
}

/** Whose server listens on a port; `'unknown'` also while nobody does. */
export function whosePort({ lease, listeners, container }: PortView, checkout: string): Verdict {
  const project = container?.directory
  const checkouts = project === undefined ? [] : [findCheckout(project).dir]
  return judge({ lease, listeners, checkouts }, { checkout })
}

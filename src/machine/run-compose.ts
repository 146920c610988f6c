import type { Command } from '../child/command-line.ts'
import type { ComposeCall } from '../compose/command.ts'
import { type ComposeProject, readCompose } from '../compose/project.ts'
import { variablePublishings } from '../compose/services.ts'
import { effectiveOptions } from '../config/effective-options.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import { describeHolders } from '../reservation/holders.ts'
import { attemptText } from '../reservation/holder-text.ts'
import { openServices, type OpenedServices, publishedVariables } from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { PortAttempt } from '../types.ts'
import { isInside } from '../utils/checkout.ts'
import { realRoot } from '../utils/real-root.ts'
import { composeClashes } from './compose-clashes.ts'
import { allLeasesHere, hereOf } from './leases-here.ts'
import { hasProgram, lookAt, whosePort } from './look-at.ts'
import { portText } from './port-text.ts'
import { runPlainly } from './run-plainly.ts'
import { liveVariables, withVariables } from './variables.ts'

/** A command line of Compose. */
export interface ComposeRequest {
  readonly command: Command
  readonly call: ComposeCall
  /** Tells what is worth knowing, in one line for people. */
  say(line: string): void
}

/** Actions that bind published ports. */
const BINDS = /^(?:up|start|run|create|restart|watch)$/
/** Starts after which Compose is left to itself. */
const MAX_ATTEMPTS = 4

/**
 * Runs Compose with the ports of its files: each variable that says a published port is set to a free
 * one, kept for it while the command runs. When a stranger takes one meanwhile, and Compose fails for
 * it, it is started again with the next.
 *
 * @returns Its exit code; 128 and the signal's number after a signal.
 * @throws PortsError when there is no port for one of them, PortsOptionError for wrong options, and
 * the system's error when it can't be started.
 */
export async function runCompose(request: ComposeRequest, world: SessionWorld): Promise<number> {
  const { command, call, say } = request
  const { env, cwd, place } = world
  const project = readCompose({ directory: cwd, env, ...call })
  // Compose itself says best that there is no file.
  if (!project) return runPlainly(command, world)
  const binds = call.action !== undefined && BINDS.test(call.action)
  if (binds) await tellClashes(project, request, world)
  const taken: number[] = []
  for (let attempt = 1; ; attempt++) {
    const had = await openFor(project, taken, world)
    try {
      if (binds) await announce(had, request, world)
      const { variables } = await liveVariables(hereOf(cwd, place))
      const own = publishedVariables(had.services, had.use.reservations)
      const child = { ...world, env: { ...withVariables(env, variables), ...own } }
      const code = await runPlainly(command, child)
      if (code === 0 || !binds || attempt === MAX_ATTEMPTS) return code
      const lost = await lostPorts(had, world)
      if (lost.length === 0) return code
      for (const { port, who } of lost) {
        taken.push(port)
        say(`${who} was faster on ${port}; Compose is started again with another port.`)
      }
    } finally {
      had.use.close()
    }
  }
}

interface Had extends OpenedServices {
  readonly services: readonly ResolvedService[]
  /** Names of the services that are in the compose files. */
  readonly composed: ReadonlySet<string>
}

async function openFor(
  project: ComposeProject,
  taken: readonly number[],
  world: SessionWorld,
): Promise<Had> {
  const { env, cwd, place } = world
  const query = { given: undefined, cwd, root: undefined, mode: undefined, env, compose: project }
  const { options } = await effectiveOptions(query)
  const composed = new Set(variablePublishings(project).map(({ name }) => name))
  const root = realRoot(cwd, options.root)
  const leases = await allLeasesHere(hereOf(cwd, place))
  const had = new Set(
    leases.filter((lease) => isInside(root, lease.root)).map(({ service }) => service),
  )
  const services = options.services
    .filter(({ kind, name }) => kind === 'external' && !had.has(name))
    .map((service) => ({ ...service, required: composed.has(service.name) && service.required }))
  const exclude = [...options.exclude, ...taken.map((port) => ({ from: port, to: port }))]
  const resolved: ResolvedOptions = { ...options, exclude, services }
  const leased = new Set(services.map(({ name }) => name))
  return { ...(await openServices(resolved, world, { leased })), services, composed }
}

async function tellClashes(
  project: ComposeProject,
  { say }: ComposeRequest,
  { cwd, place, env }: SessionWorld,
): Promise<void> {
  const clashes = await composeClashes(project, hereOf(cwd, place), { place, env })
  for (const { text } of clashes) say(text)
}

async function announce(
  { use, services, composed, warnings }: Had,
  { say }: ComposeRequest,
  { cwd, place }: SessionWorld,
): Promise<void> {
  for (const warning of warnings) say(warning)
  const { dir } = hereOf(cwd, place).checkout
  for (const { name, env } of services.filter((service) => composed.has(service.name))) {
    const reservation = use.reservations.get(name)
    if (!reservation) continue
    const attempts: PortAttempt[] = reservation.attempts.map((attempt) => ({ ...attempt }))
    await describeHolders(attempts, place)
    const passed = attempts.find(({ rejected }) => rejected !== undefined)
    const why = [
      env.port[0],
      reservation.state === 'running' && 'running already',
      passed && `${passed.port} ${attemptText(passed, dir)}`,
    ].filter(Boolean)
    say(`${name} on ${reservation.port} (${why.join('; ')})`)
  }
}

/** Ports that were kept free for Compose and that somebody else listens on now. */
async function lostPorts(
  { use, composed }: Had,
  { cwd, place, env }: SessionWorld,
): Promise<{ port: number; who: string }[]> {
  const { dir } = hereOf(cwd, place).checkout
  const ports = [...use.reservations.values()]
    .filter(({ service, protocol }) => composed.has(service) && protocol === 'tcp')
    .map(({ port }) => port)
  const views = await lookAt(ports, { place, env })
  return ports.flatMap((port) => {
    const { lease: _, ...view } = views.get(port) ?? { port, listeners: [] }
    const isStranger = view.container ? whosePort(view, dir) === 'foreign' : hasProgram(view)
    return isStranger ? [{ port, who: portText(view, dir) }] : []
  })
}

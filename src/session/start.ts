import type { HostService, Run, RunRequest } from '../bundlers/adapter.ts'
import { parsePort, wishesOutsidePools } from '../options/wishes.ts'
import { planPorts, type Wish } from '../plan/plan.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import { currentRestart } from '../reservation/restarting.ts'
import { runSteps, runStepsSync, type Steps } from '../reservation/questions.ts'
import { type Session, sessionOf, type Want } from '../reservation/session.ts'
import { type EnvFiles, readEnvFiles } from './env-files.ts'
import { type Past, pastOf } from './past.ts'
import { withoutOwnServer } from './own-service.ts'
import { canBeHeldForProcess } from './reserve.ts'
import { DevRun } from './run.ts'
import { wishesOf } from './run-wishes.ts'
import { identityIn, type SessionWorld } from './world.ts'

/**
 * Starts one bundler server's run: ports are chosen and held, the env block is written.
 *
 * @throws PortsError when a required service can't be had; nothing is held then.
 */
export function startRun(request: RunRequest, world: SessionWorld): Promise<Run> {
  const session = sessionOf(identityIn(world, request.root, request.checkout))
  return session.inTurn(() => runSteps(startSteps(session, request, world), world.place))
}

/**
 * Like {@link startRun}, within this tick. A host name's address is guessed and confirmed when the
 * server listens.
 */
export function startRunSync(request: RunRequest, world: SessionWorld): Run {
  const session = sessionOf(identityIn(world, request.root, request.checkout))
  return runStepsSync(startSteps(session, request, world), world.place)
}

function* startSteps(session: Session, asked: RunRequest, world: SessionWorld): Steps<Run> {
  const { options, root } = asked
  const reserved = new Set([...session.reservations].map((reservation) => reservation.service))
  const mine = withoutOwnServer(asked, world.env)
  const request = {
    ...mine,
    services: mine.services.filter(({ guest, service }) => !guest || reserved.has(service.name)),
  }
  const files = readEnvFiles(root, request.envDirectory, request.envFiles, options.env?.file)
  const services = request.services.map(({ service }) => service)
  const { byService: wishes, warnings } = wishesOf(request, files, world.env, session)
  const past = pastOf(session, options, world)
  const plan = planPorts(
    { ...options, services },
    { ...past.facts, wishes, ephemeral: ephemeralRange() },
  )
  const wants = request.services.map((host, index): Want => ({
    plan: plan[index] as (typeof plan)[number],
    host: host.host,
    hold: host.hold || isHeldForProcess(host),
    starts: isHeldForProcess(host),
    secure: host.secure,
    kept: request.kept?.has(host.service.name) ?? false,
    ...portsThatMayRun(host, files, wishes, past),
  }))
  const restart = currentRestart()
  const { shared, later = [] } = request
  const use = yield* session.open(wants, restart?.from, { shared, later })
  restart?.opened.push(use)
  const run = new DevRun({ request, use, wishes, files, env: world.env }, world)
  try {
    yield* run.publish(restart?.from)
  } catch (error) {
    // Nobody gets to see this run, so nobody would close it.
    run.close()
    throw error
  }
  run.warn([
    ...(options.warnings ?? []),
    ...warnings,
    ...wishesOutsidePools(services, wishes),
    ...past.remember(use.reservations.values()),
  ])
  return run
}

/** Its command gets the very socket. */
function isHeldForProcess({ service, hold }: HostService): boolean {
  return !hold && service.kind === 'external' && canBeHeldForProcess(service)
}

/** Where a server that we don't start may be running already, although other ports come first. */
function portsThatMayRun(
  { service, hold }: HostService,
  { block }: EnvFiles,
  wishes: Readonly<Record<string, readonly Wish[]>>,
  { facts }: Past,
): Pick<Want, 'remembered' | 'usual'> {
  if (hold || wishes[service.name]?.length) return {}
  const name = service.env.port[0]
  const written = parsePort((name !== undefined && block.get(name)) || '')
  const remembered = written ?? facts.sticky[service.name]
  // A linked worktree prefers others, but a server that has its port in its code runs on these.
  const tries = facts.linked && service.protocol === 'tcp'
  return tries ? { remembered, usual: service.preferred } : { remembered }
}

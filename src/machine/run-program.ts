import type { Command } from '../child/command-line.ts'
import { type Attempt, type HandoverMode, type Lost, runCommand } from '../child/run-command.ts'
import { passSignals } from '../child/signals.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { describeHolders } from '../reservation/holders.ts'
import { attemptText } from '../reservation/holder-text.ts'
import { orderDesk } from '../reservation/orders.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { openServices, type OpenedServices, publishedVariables } from '../session/reserve.ts'
import { publicUrl } from '../session/public-url.ts'
import type { SessionWorld } from '../session/world.ts'
import type { PortAttempt } from '../types.ts'
import { hereOf } from './leases-here.ts'
import { runPlainly } from './run-plainly.ts'
import { withPort } from '../child/placeholders.ts'
import { liveVariables, withVariables } from './variables.ts'
import { orderOwner } from './give-orders.ts'
import { type ProgramService, programServices } from './program-services.ts'
import { isSwitchedOff } from '../utils/switched-off.ts'

/** A command and the port that it shall serve on. */
export interface ProgramRequest extends ProgramService {
  readonly command: Command
  readonly mode: HandoverMode
  /** Tells what is worth knowing, in one line for people. */
  say(line: string): void
}

/**
 * Runs a command with a port of its own until nothing of it is left.
 *
 * @returns Its exit code; 128 and the signal's number after a signal.
 * @throws PortsError when there is no port for it, PortsOptionError for a name or range that makes no
 * sense, and the system's error when it can't be started.
 */
export async function runProgram(request: ProgramRequest, world: SessionWorld): Promise<number> {
  const { command, mode, say } = request
  const { env, cwd, place } = world
  if (isSwitchedOff(env)) return runPlainly(command, world)
  const taken: number[] = []
  let had = await openFor(request, world, taken)
  const attempt = async (): Promise<Attempt> => {
    const variables = await variablesOf(had, world)
    return {
      ...withPort(command, had.reservation),
      reservations: had.own,
      env: variables,
    }
  }
  const again = async ({ reservation, owner }: Lost): Promise<Attempt> => {
    const who = owner?.pid === undefined ? 'another program' : `process ${owner.pid}`
    taken.push(reservation.port)
    had.use.close()
    had = await openFor(request, world, taken)
    say(`${who} was faster on ${reservation.port}; started again on ${had.reservation.port}.`)
    return attempt()
  }
  try {
    await announce(had, request, world)
    const running = runCommand(await attempt(), { cwd, platform: place.platform, mode, again })
    orderDesk(place.stateDir, world.pid).stop = () => void running.end()
    using _signals = passSignals(process, (signal) => running.kill(signal))
    const ended = await running.ended
    return ended.exitCode
  } finally {
    had.use.close()
  }
}

interface Had extends OpenedServices {
  readonly reservation: PortReservation
  /** All that the command serves on; the first one is {@link Had.reservation}. */
  readonly own: readonly PortReservation[]
  /** The variable that named the port. */
  readonly from: string | undefined
  readonly services: readonly ResolvedService[]
}

async function openFor(
  request: ProgramRequest,
  world: SessionWorld,
  taken: readonly number[],
): Promise<Had> {
  const found = await programServices(request, world)
  const { own, siblings, from, options, expected } = found
  const exclude = [...options.exclude, ...taken.map((port) => ({ from: port, to: port }))]
  const services = [...own, ...siblings]
  if (expected) await takeLease(expected, request, world)
  const opened = await openServices(
    { ...options, exclude, services },
    { ...world, env: found.env },
    {
      leased: new Set(siblings.map(({ name }) => name)),
      ...(expected && { remembered: { [expected.service]: expected.port } }),
    },
  )
  const reservations = own.flatMap(({ name }) => opened.use.reservations.get(name) ?? [])
  const [reservation] = reservations
  if (!reservation) throw new Error('a required service is always there')
  return { ...opened, reservation, own: reservations, services, from }
}

/** Whoever waits for this very server keeps its port free; from now on that is done here. */
async function takeLease(
  expected: LeaseAnswer,
  { preferred, say }: ProgramRequest,
  { place }: SessionWorld,
): Promise<void> {
  const { port, service, command, pid } = expected
  if (preferred === undefined || preferred === port) {
    await orderOwner(expected, 'yield', place)
    return
  }
  say(`${command} (pid ${pid}) waits for "${service}" on ${port}, and finds it there only.`)
}

/** What the environment says already wins over what siblings publish, and the own port over both. */
async function variablesOf(
  { use, reservation, services }: Had,
  { env, cwd, place }: SessionWorld,
): Promise<Record<string, string | undefined>> {
  const { variables } = await liveVariables(hereOf(cwd, place))
  const own = publishedVariables(services, use.reservations)
  const url = services[0]?.env.url[0]
  const before = publicUrl(env)
  return {
    ...withVariables(env, variables),
    ...own,
    // Another tool's proxy stands in front, and that is where people reach it.
    ...(before && url && { [url]: before.url }),
    PORT: String(reservation.port),
  }
}

async function announce(
  { reservation, from, warnings }: Had,
  { service, say }: ProgramRequest,
  world: SessionWorld,
): Promise<void> {
  for (const warning of warnings) say(warning)
  const attempts: PortAttempt[] = reservation.attempts.map((attempt) => ({ ...attempt }))
  await describeHolders(attempts, world.place)
  const { dir } = hereOf(world.cwd, world.place).checkout
  const passed = attempts.find(({ rejected }) => rejected !== undefined)
  const reasons = [
    reservation.source === 'env' && from && `from ${from}`,
    passed && `${passed.port} ${attemptText(passed, dir)}`,
  ].filter(Boolean)
  say(`${service} on ${reservation.url}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`)
}

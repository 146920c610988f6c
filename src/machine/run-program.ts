import { spawn } from 'node:child_process'
import { commandLine, type Command } from '../child/command-line.ts'
import { type Attempt, type HandoverMode, type Lost, runCommand } from '../child/run-command.ts'
import { exitCode, passSignals } from '../child/signals.ts'
import type { Range } from '../options/resolved.ts'
import { resolveOptions } from '../options/resolve.ts'
import { describeHolders } from '../reservation/holders.ts'
import { attemptText } from '../reservation/holder-text.ts'
import { orderDesk } from '../reservation/orders.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { openServices, type OpenedServices, publishedVariables } from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { PortAttempt } from '../types.ts'
import { hereOf } from './leases-here.ts'
import { withPort } from '../child/placeholders.ts'
import { liveVariables } from './variables.ts'
import { GIVEN_BY_OTHERS } from '../options/names.ts'
import { isSwitchedOff } from '../utils/switched-off.ts'

/** A command and the port that it shall serve on. */
export interface ProgramRequest {
  readonly command: Command
  /** Name of its service. */
  readonly service: string
  /** Tried first; without it a port that the environment names. */
  readonly preferred: number | undefined
  /** Tried after that. Default: a hundred ports from the preferred one on. */
  readonly range: Range | undefined
  readonly host: string | undefined
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
      reservations: [had.reservation],
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
  /** The variable that named the port. */
  readonly from: string | undefined
  readonly services: ReturnType<typeof resolveOptions>['services']
}

async function openFor(
  { service, preferred, range, host }: ProgramRequest,
  world: SessionWorld,
  exclude: readonly number[],
): Promise<Had> {
  const options = resolveOptions({
    services: {
      [service]: {
        ...(preferred !== undefined && { preferred }),
        ...(range && { range: [range.from, range.to] as const }),
        ...(host !== undefined && { host }),
      },
    },
    exclude,
  })
  const own = options.services[0]?.env.port ?? []
  // What is typed wins over every variable.
  const names = preferred === undefined ? [...own, ...GIVEN_BY_OTHERS] : []
  const from = names.find((name) => world.env[name])
  const services = options.services.map((one) => ({
    ...one,
    env: { ...one.env, reads: names.filter((name) => !own.includes(name)) },
  }))
  const seen = preferred === undefined ? world.env : { ...world.env, ...blank(own) }
  const opened = await openServices({ ...options, services }, { ...world, env: seen })
  const [reservation] = opened.use.reservations.values()
  if (!reservation) throw new Error('a required service is always there')
  return { ...opened, reservation, services, from }
}

function blank(names: readonly string[]): Record<string, undefined> {
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

/** What the environment says already wins over what siblings publish, and the own port over both. */
async function variablesOf(
  { use, reservation, services }: Had,
  { env, cwd, place }: SessionWorld,
): Promise<Record<string, string | undefined>> {
  const { variables } = await liveVariables(hereOf(cwd, place))
  const own = publishedVariables(services, use.reservations)
  const url = services[0]?.env.url[0]
  return {
    ...Object.fromEntries(variables),
    ...env,
    ...own,
    // Another tool's proxy stands in front, and that is where people reach it.
    ...(env.PORTLESS_URL && url && { [url]: env.PORTLESS_URL }),
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

/** Everything is switched off: as if the command had been typed without us. */
async function runPlainly(command: Command, { env, cwd, place }: SessionWorld): Promise<number> {
  const { file, args, verbatim } = commandLine(command, place.platform, env.ComSpec)
  const child = spawn(file, args, {
    cwd,
    env,
    stdio: 'inherit',
    windowsVerbatimArguments: verbatim ?? false,
  })
  using _signals = passSignals(process, (signal) => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(exitCode(code, signal)))
  })
}

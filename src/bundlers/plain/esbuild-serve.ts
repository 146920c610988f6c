import { createServer } from 'node:net'
import type { BuildContext, ServeOptions, ServeResult } from 'esbuild'
import { effectiveOptions } from '../../config/effective-options.ts'
import { PortsError } from '../../errors.ts'
import { bind } from '../../net/bind.ts'
import { portFlag } from '../../options/port-flag.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import { registry, type ServerlessContext } from '../../reservation/registry.ts'
import { asRestartOf } from '../../reservation/restarting.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { Run, StartRun } from '../adapter.ts'
import { ESBUILD_PORT } from './esbuild.ts'
import { stderrLogger } from './logger.ts'
import { servedRequest } from './request.ts'

/** Ports that are tried when strangers keep taking them in the gap. */
const MAX_TRIES = 5

/** What esbuild's server binds when nobody says. */
const ALL_INTERFACES = '0.0.0.0'

/** What serving needs of the process and of the session. */
export interface ServeWorld {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly startRun: StartRun
}

/** Options of esbuild's `context.serve()`; `port` and `host` are what is tried first. */
export interface PortsServeOptions extends ServeOptions {
  /**
   * Root of the `ports()` whose services these are.
   *
   * @default that of the context made last; without one the working directory
   */
  root?: string
}

/** See `serve` in the entry. */
export async function serveContext(
  context: BuildContext,
  { root: wanted, ...serving }: PortsServeOptions,
  { argv, cwd, startRun }: ServeWorld,
): Promise<ServeResult> {
  const found = contextOf(wanted === undefined ? undefined : realRoot(cwd, wanted))
  if (found) found.served = true
  const options = found?.options ?? (await optionsAlone(cwd, wanted))
  const dev = options.services.find(({ name }) => name === 'dev')
  if (!dev) return context.serve(serving)
  const flag = portFlag(argv)
  const request = servedRequest(options, found?.root ?? realRoot(cwd, wanted), {
    port: serving.port,
    host: bindHost(serving.host ?? dev.host),
    secure: serving.keyfile !== undefined && serving.certfile !== undefined,
    // The flag may be another tool's: it is this server's when the program has passed it on.
    flag: flag !== undefined && flag === serving.port ? flag : undefined,
  })
  let run = await startRun(request)
  const lost: string[] = []
  try {
    for (;;) {
      const reservation = run.reservation('dev')
      // Not required, and none could be had: esbuild looks by itself.
      if (!reservation) return await context.serve(serving)
      const result = await attempt(context, serving, reservation)
      if (result) {
        if (found) found.server = run
        closeWith(context, () => {
          if (found) found.server = undefined
          run.close()
        })
        announce(run, lost)
        return result
      }
      const { port } = reservation
      lost.push(
        `${port} was taken by another program between being let go for esbuild and esbuild's own bind; tried the next port.`,
      )
      if (lost.length === MAX_TRIES) throw outrun(port)
      await reservation.release()
      const previous = run
      run = (await asRestartOf(previous.use, () => startRun(request))).value
      previous.close()
    }
  } catch (error) {
    run.close()
    throw error
  }
}

/** Without a `ports()` the config file alone counts. */
async function optionsAlone(cwd: string, root: string | undefined): Promise<ResolvedOptions> {
  const builtIn = { dev: ESBUILD_PORT }
  const query = { given: undefined, cwd, root, mode: undefined, builtIn }
  return (await effectiveOptions(query)).options
}

/** The newest context of that root, or the newest one. */
function contextOf(root: string | undefined): ServerlessContext | undefined {
  const contexts = [...registry().serverless]
  return contexts.findLast((context) => root === undefined || context.root === root)
}

/** esbuild has no other word for all interfaces, and `dev` without a host is bound as esbuild would. */
function bindHost(host: string | boolean | undefined): string | boolean {
  return host === true || host === '' || host === undefined ? ALL_INTERFACES : host
}

/**
 * Lets esbuild, a process of its own that can't adopt a socket, bind the port. The lease keeps
 * cooperating processes off in between.
 *
 * @returns `undefined` when a stranger was faster.
 */
async function attempt(
  context: BuildContext,
  serving: ServeOptions,
  reservation: PortReservation,
): Promise<ServeResult | undefined> {
  const { port, bound } = reservation
  const { address = ALL_INTERFACES } = bound
  reservation.letGo()
  let result: ServeResult
  try {
    result = await context.serve({ ...serving, port, host: address })
  } catch (error) {
    // Nobody there: then it was something else that esbuild didn't like.
    if (isFree(port, address)) throw error
    return undefined
  }
  if (result.port !== port) {
    throw new PortsError(
      'PORTS_TAKEN',
      `esbuild was told to serve on ${port} and listens on ${result.port}, so nothing that was told of ${port} would reach it. Dispose of this context and report it.`,
    )
  }
  reservation.serveElsewhere()
  return result
}

function isFree(port: number, address: string): boolean {
  const server = createServer()
  const { ok } = bind(server, port, address)
  if (ok) server.close()
  return ok
}

function outrun(port: number): PortsError {
  return new PortsError(
    'PORTS_TAKEN',
    `another program took each of ${MAX_TRIES} ports, the last one ${port}, in the moment that esbuild needed to bind it. Give "dev" a range that nobody else uses.`,
  )
}

/** The context's end is the server's end. */
function closeWith(context: BuildContext, end: () => void): void {
  const { dispose } = context
  context.dispose = async () => {
    try {
      await dispose.call(context)
    } finally {
      end()
    }
  }
}

function announce(run: Run, lost: readonly string[]): void {
  const logger = stderrLogger(undefined)
  run.warn(lost)
  run.report(logger)
  run.printSummary(logger)
  run.followConfig({ logger, proxies: false })
}

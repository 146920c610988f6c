import {
  effectiveOptions,
  effectiveOptionsSync,
  type EffectiveOptions,
  type HostQuery,
} from '../../config/effective-options.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { Options } from '../../types.ts'
import type { HostLogger, Run, RunRequest, StartRun, StartRunSync } from '../adapter.ts'
import { configured } from '../configured.ts'
import { attach } from './attach.ts'
import { onDevServer } from './intercept.ts'
import { prefixTitles } from './title.ts'
import { devServerRequest, numericPort, usualPorts } from './request.ts'
import { certainServer, isServing } from './serving.ts'
import type { AnyCompiler, DevServer, DevServerOptions } from './types.ts'

const NAME = 'unplugin-ports'
/** Ports that were chosen for a server that never came are given back after this, in milliseconds. */
const ABANDONED_AFTER_MS = 120_000

/** What the adapter needs of the process and of the session. */
export interface DevServerWorld {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly startRun: StartRun
  readonly startRunSync: StartRunSync
}

/** A run that was started in `apply` and waits for its dev server. */
interface Waiting {
  readonly run: Run
  readonly options: ResolvedOptions
  /** The server's options before the port was put in. */
  readonly written: DevServerOptions
  readonly abandoned: NodeJS.Timeout
}

/** The side of webpack and Rspack of one `ports()`. */
export interface DevServerHooks {
  apply(compiler: AnyCompiler): void
  /** Of the latest dev server; empty before one and in builds. */
  addresses(): Record<string, { port: number; url: string }>
}

/**
 * Chooses and holds ports in `apply` when it is certain that this compiler gets a dev server, and
 * otherwise when the dev server starts; hands the held sockets to it either way.
 */
export function devServerHooks(
  given: Options | undefined,
  world: () => DevServerWorld,
): DevServerHooks {
  const waiting = new WeakMap<AnyCompiler, Waiting>()
  let latest: Run | undefined

  const queryFor = (compiler: AnyCompiler, server: DevServerOptions): HostQuery => {
    const { cwd, env } = world()
    const { context, options } = compiler
    const builtIn = usualPorts(server, env)
    return { given, cwd, root: context, mode: options.mode, builtIn }
  }

  const requestFor = (
    found: EffectiveOptions,
    compiler: AnyCompiler,
    server: DevServerOptions,
  ): RunRequest => {
    const { argv, cwd, env } = world()
    const { context, options } = compiler
    const place = { argv, cwd, context, mode: options.mode, env }
    return configured(found, ({ options }) => devServerRequest(options, server, place))
  }

  const chooseNow = (compiler: AnyCompiler, server: DevServerOptions): void => {
    const written = { ...server }
    const found = effectiveOptionsSync(queryFor(compiler, written))
    const { options } = found
    const run = world().startRunSync(requestFor(found, compiler, written))
    const abandon = (): void => {
      if (waiting.get(compiler)?.run !== run) return
      waiting.delete(compiler)
      clearTimeout(abandoned)
      if (latest === run) latest = undefined
      run.close()
    }
    const abandoned = setTimeout(abandon, ABANDONED_AFTER_MS)
    abandoned.unref()
    compiler.hooks.run?.tap(NAME, abandon)
    waiting.set(compiler, { run, options, written, abandoned })
    latest = run
    const dev = run.reservation('dev')
    if (dev) server.port = dev.port
  }

  const give = async (compiler: AnyCompiler, server: DevServer): Promise<Run | undefined> => {
    if (server.options.ipc) return undefined
    const logger = loggerOf(compiler)
    const ready = waiting.get(compiler)
    waiting.delete(compiler)
    clearTimeout(ready?.abandoned)
    let run = ready?.run
    let options = ready?.options
    if (!run || !options) {
      const written = server.options
      const found = await effectiveOptions(queryFor(compiler, written))
      options = found.options
      run = await world().startRun(requestFor(found, compiler, written))
    }
    latest = run
    closeWith(compiler, run)
    const configured = numericPort((ready?.written ?? server.options).port)
    await attach(server, { run, options, configured }, logger)
    run.report(logger)
    return run
  }

  const apply = (compiler: AnyCompiler): void => {
    const isFirst = onDevServer(compiler, {
      bid: (server) => bid(compiler, server, waiting.get(compiler)),
      give: (server) => give(compiler, server),
      see: (run) => {
        latest ??= run
      },
    })
    if (!isFirst) {
      loggerOf(compiler).warn(
        'ports() is in the plugins of one config twice, and the second one does nothing. Put its services into the first one.',
      )
      return
    }
    prefixTitles(compiler, () => latest?.titlePrefix)
    if (!isServing(world())) return
    const server = certainServer(compiler)
    if (server && !server.ipc) {
      chooseNow(compiler, server)
      const run = waiting.get(compiler)?.run
      if (run) closeWith(compiler, run)
    }
  }
  return { apply, addresses: () => latest?.addresses() ?? {} }
}

/**
 * How surely `server` is the one that ports were chosen for in `apply`: its options are a copy of
 * the ones seen there, made before (version 6) or after the port was put in.
 */
function bid(compiler: AnyCompiler, server: DevServer, chosen: Waiting | undefined): number {
  if (!chosen) return compiler.options.devServer ? 1 : 0
  const { run, written } = chosen
  const port = numericPort(server.options.port)
  if (port !== undefined) {
    if (port === run.reservation('dev')?.port) return 5
    if (port === numericPort(written.port)) return 4
  }
  return sameButPort(written, server.options) ? 3 : 2
}

function sameButPort(written: DevServerOptions, used: DevServerOptions): boolean {
  const names = Object.keys(written) as (keyof DevServerOptions)[]
  return names.every((name) => name === 'port' || written[name] === used[name])
}

function closeWith(compiler: AnyCompiler, run: Run): void {
  compiler.hooks.shutdown?.tap(NAME, () => run.close())
}

const SHOWS_INFO = new Set<string | boolean>(['info', 'log', 'verbose', true])

function loggerOf(compiler: AnyCompiler): HostLogger {
  const logger = compiler.getInfrastructureLogger(NAME)
  const { level = 'info', stream = process.stderr } = compiler.options.infrastructureLogging ?? {}
  return {
    // The logger would put its prefix before every line of the table.
    info: (message) => {
      if (SHOWS_INFO.has(level)) stream.write(`${message}\n`)
    },
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
  }
}

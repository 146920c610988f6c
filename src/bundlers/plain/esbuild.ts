import type { PluginBuild } from 'esbuild'
import { effectiveOptions } from '../../config/effective-options.ts'
import { registry, type ServerlessContext } from '../../reservation/registry.ts'
import type { Options } from '../../types.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { StartRun } from '../adapter.ts'
import { configured } from '../configured.ts'
import { esbuildCall } from './esbuild-call.ts'
import { stderrLogger } from './logger.ts'
import { plainRequest } from './request.ts'
import { WatchRun } from './watch-run.ts'

/** The port that esbuild's server takes by itself. */
export const ESBUILD_PORT = 8000

/** The esbuild side of one `ports()`. */
export interface EsbuildHooks {
  readonly plugin: {
    readonly onResolveFilter: RegExp
    readonly onLoadFilter: RegExp
    setup(build: PluginBuild): Promise<void>
  }
  /** Of the latest context; empty before one and in builds. */
  addresses(): Record<string, { port: number; url: string }>
}

/** Reserves ports while a context is there; a plain `build()` is left alone. */
export function esbuildHooks(
  given: Options | undefined,
  startRun: StartRun,
  workingDirectory: () => string,
): EsbuildHooks {
  const watch = new WatchRun(startRun)
  /** Contexts that use this `ports()`; the last one to be disposed closes the run. */
  let contexts = 0
  let latest: ServerlessContext | undefined

  const begin = async (build: PluginBuild, entry: ContextEntry): Promise<void> => {
    const { initialOptions, onDispose } = build
    const { serverless } = registry()
    const cwd = workingDirectory()
    const { absWorkingDir } = initialOptions
    const found = await effectiveOptions({
      given,
      cwd,
      root: absWorkingDir,
      mode: undefined,
      builtIn: { dev: ESBUILD_PORT },
    })
    const { options } = found
    const rootOf = (wanted: string | undefined) => realRoot(cwd, wanted ?? absWorkingDir)
    const root = rootOf(options.root)
    const logger = stderrLogger(initialOptions.logLevel)
    const context: ServerlessContext = { root, options, served: false }
    // Before its ports are waited for, so that `serve()` finds it.
    serverless.add(context)
    latest = context
    contexts++
    const end = (): void => {
      serverless.delete(context)
      if (--contexts === 0) watch.close()
    }
    onDispose(end)
    try {
      const request = configured(found, ({ options }) =>
        plainRequest(options, rootOf(options.root), ['dev']),
      )
      const run = await watch.start(() => request, logger)
      entry.printSummary = () => {
        if (!context.served) run.printSummary(logger)
      }
    } catch (error) {
      // There will be no context to dispose of.
      end()
      throw error
    }
  }

  return {
    plugin: {
      // Without these esbuild asks for every module there is.
      onResolveFilter: /^~ports$/,
      onLoadFilter: /~ports$/,
      async setup(build) {
        const call = esbuildCall()
        if (call === 'build') return
        const entry: ContextEntry = { printSummary: () => {} }
        let begun: Promise<void> | undefined
        if (call === 'context') begun = begin(build, entry)
        else onSecondBuild(build, () => (begun ??= begin(build, entry)))
        // By then a program has called `serve()` if it is going to, and that prints everything.
        build.onEnd(() => entry.printSummary())
        await begun
      },
    },
    addresses: () => ({ ...watch.addresses(), ...latest?.server?.addresses() }),
  }
}

interface ContextEntry {
  printSummary(): void
}

/** Only a context builds twice. */
function onSecondBuild(build: PluginBuild, begin: () => Promise<void>): void {
  let builds = 0
  build.onStart(async () => {
    if (++builds !== 2) return undefined
    await begin()
    const text =
      'ports() has learned only now that esbuild is watching, because a plugin before it starts asynchronously: the first build had no ports. Put ports() first in `plugins`.'
    return { warnings: [{ text }] }
  })
}

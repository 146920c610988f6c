import { effectiveOptions } from '../../config/effective-options.ts'
import type { Options } from '../../types.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { StartRun } from '../adapter.ts'
import { configured } from '../configured.ts'
import { stderrLogger } from './logger.ts'
import { plainRequest } from './request.ts'
import { WatchRun } from './watch-run.ts'

/** Hooks that Rollup and Rolldown have in common, as much as is used. */
export interface RollupHooks {
  readonly plugin: {
    readonly buildStart: {
      readonly order: 'pre'
      readonly sequential: true
      handler(this: { meta: { watchMode?: boolean } }, options: RollupInput): Promise<void>
    }
    closeWatcher(): void
  }
  /** Of the latest watcher; empty before one and in builds. */
  addresses(): Record<string, { port: number; url: string }>
}

/** The input options that are read; `cwd` is Rolldown's. */
interface RollupInput {
  readonly cwd?: unknown
  readonly logLevel?: unknown
}

/** Hooks that reserve ports while a watcher is there, before its other plugins' `buildStart`. */
export function rollupHooks(
  given: Options | undefined,
  startRun: StartRun,
  workingDirectory: () => string,
): RollupHooks {
  const watch = new WatchRun(startRun)
  return {
    plugin: {
      buildStart: {
        order: 'pre',
        // Rollup waits for it before it calls the others.
        sequential: true,
        async handler({ cwd, logLevel }) {
          if (!this.meta.watchMode) return
          const logger = stderrLogger(logLevel)
          const run = await watch.start(async () => {
            const base = typeof cwd === 'string' ? cwd : workingDirectory()
            const query = { given, cwd: base, root: undefined, mode: undefined }
            return configured(await effectiveOptions(query), ({ options }) =>
              plainRequest(options, realRoot(base, options.root)),
            )
          }, logger)
          run.printSummary(logger)
        },
      },
      closeWatcher: () => watch.close(),
    },
    addresses: () => watch.addresses(),
  }
}

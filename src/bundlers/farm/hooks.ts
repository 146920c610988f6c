import { effectiveOptions } from '../../config/effective-options.ts'
import { currentRestart } from '../../reservation/restarting.ts'
import type { Options } from '../../types.ts'
import type { Addresses } from '../../virtual-module.ts'
import type { Run, StartRun } from '../adapter.ts'
import { configured } from '../configured.ts'
import { passPortCheck } from '../port-check.ts'
import { attach, logger, type Pending } from './attach.ts'
import { injectPorts, tellClient } from './inject.ts'
import { httpProxies, proxyRules } from './proxy.ts'
import { type FarmPlace, farmRequest, hmrOf, needsPorts, usualPorts } from './request.ts'
import { prefixTitle } from '../title.ts'
import type { FarmConfig, FarmPage, FarmServer } from './types.ts'

/** Ports of a config that never became a server are given back after this, in milliseconds. */
const ABANDONED_AFTER_MS = 120_000

/** What the adapter needs of the process and of the session. */
export interface FarmWorld extends FarmPlace {
  readonly startRun: StartRun
}

/** The Farm side of one `ports()`. */
export interface FarmHooks {
  readonly plugin: {
    config(config: FarmConfig): Promise<FarmConfig | undefined>
    configResolved(config: FarmConfig): void
    configureDevServer(server: FarmServer): void
    transformHtml?: { order: 0 | 1 | 2; executor(page: { htmlResource: FarmPage }): FarmPage }
  }
  /** Of the latest server; empty before one and in builds. */
  addresses(): Addresses
}

/** Hooks that reserve ports before Farm resolves its config and hand the held sockets to its server. */
export function farmHooks(given: Options | undefined, world: () => FarmWorld): FarmHooks {
  let pending: Pending | undefined
  let latest: Run | undefined

  const take = (): Pending | undefined => {
    const taken = pending
    pending = undefined
    clearTimeout(taken?.abandoned)
    taken?.checked()
    return taken
  }

  const plugin: FarmHooks['plugin'] = {
    async config(config) {
      const place = world()
      if (!needsPorts(config, place)) return undefined
      const written = config.server ?? {}
      const found = await effectiveOptions({
        given,
        cwd: place.cwd,
        root: config.root,
        mode: config.compilation?.mode,
        builtIn: usualPorts(written, place.env),
      })
      const { options } = found
      const run = await place.startRun(
        configured(found, (now) => farmRequest(now.options, config, place)),
      )
      take()?.run.close()
      latest = run
      const dev = run.reservation('dev')
      const abandoned = setTimeout(() => {
        if (pending?.run === run) take()?.run.close()
      }, ABANDONED_AFTER_MS)
      abandoned.unref()
      const rules = proxyRules(run, options, written.proxy, logger)
      pending = {
        run,
        written,
        rules,
        from: [config.root ?? place.cwd, place.cwd],
        restarted: currentRestart() !== undefined,
        checked: dev ? passPortCheck(dev) : () => {},
        abandoned,
      }
      return injectPorts(run, options, written, httpProxies(rules))
    },
    configResolved(resolved) {
      if (!pending) return
      pending.resolved = resolved
      const hmr = pending.run.reservation('hmr')
      if (hmr) tellClient(resolved, hmr.port, hmrOf(pending.written))
    },
    configureDevServer(server) {
      const taken = take()
      if (!taken) return
      taken.run.report(logger)
      attach(server, taken)
    },
    transformHtml: {
      order: 0,
      executor: ({ htmlResource }) => withTitle(htmlResource, latest?.titlePrefix),
    },
  }
  return { plugin, addresses: () => latest?.addresses() ?? {} }
}

function withTitle(page: FarmPage, prefix: string | undefined): FarmPage {
  if (prefix === undefined) return page
  const html = prefixTitle(Buffer.from(page.bytes).toString(), prefix)
  return { ...page, bytes: [...Buffer.from(html)] }
}

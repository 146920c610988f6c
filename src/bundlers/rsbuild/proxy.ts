import type { ServerConfig } from '@rsbuild/core'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { HostLogger, Run } from '../adapter.ts'
import {
  overriddenPaths,
  type ProxyEntry,
  proxiedService,
  proxyEntries,
  proxyLog,
} from '../http-proxy.ts'

type ProxyConfig = NonNullable<ServerConfig['proxy']>
type ProxyList = Extract<ProxyConfig, readonly unknown[]>

/** What Rsbuild calls the paths of an entry: version 1 has http-proxy-middleware 2. */
export type PathsKey = 'context' | 'pathFilter'

/** What Rsbuild 1 fills in for tables alone, not for the list that they become here. */
const LEGACY_DEFAULTS = { changeOrigin: true, logLevel: 'warn' }

/** @param version Of Rsbuild; the first ones tell none. */
export function pathsKeyOf(version: string | undefined): PathsKey {
  return version === undefined || Number.parseInt(version, 10) < 2 ? 'context' : 'pathFilter'
}

/** The user's proxy with the entries of all proxied services after it; `undefined` when there are none. */
export function proxyOptions(
  run: Run,
  options: ResolvedOptions,
  written: ProxyConfig | undefined,
  logger: HostLogger & { error(message: string): void },
  key: PathsKey,
): ProxyConfig | undefined {
  const list = asList(written, key)
  const known = list.map(({ [key]: context, ...entry }) => ({
    ...entry,
    context: context as string,
  }))
  const log = key === 'context' ? legacyLog(logger) : undefined
  const added = options.services.flatMap(({ name, proxy }) => {
    const reservation = run.reservation(name)
    if (!reservation || proxy.length === 0) return []
    const service = proxiedService(reservation, proxy, run)
    for (const path of overriddenPaths(service, known)) {
      run.warn([
        `server.proxy["${path}"] in your config names another target than ${service.url}, so requests don't follow "${name}". Remove that target.`,
      ])
    }
    return proxyEntries(service, known, logger, log).map((entry) =>
      key === 'context' ? { ...LEGACY_DEFAULTS, ...entry } : withPathFilter(entry),
    )
  })
  return added.length > 0 ? ([...list, ...added] as ProxyList) : undefined
}

function withPathFilter({ context, onError: _older, ...entry }: ProxyEntry): ProxyEntry {
  return { ...entry, pathFilter: context }
}

function legacyLog(logger: HostLogger & { error(message: string): void }) {
  const { warn, error } = logger
  const silent = (): void => {}
  return proxyLog(() => ({ log: silent, debug: silent, info: silent, warn, error }))
}

function asList(proxy: ProxyConfig | undefined, key: PathsKey): Record<string, unknown>[] {
  if (!proxy) return []
  if (Array.isArray(proxy)) return proxy as Record<string, unknown>[]
  return Object.entries(proxy).map(([paths, value]) => ({
    [key]: paths,
    ...(key === 'context' && LEGACY_DEFAULTS),
    ...(typeof value === 'string' ? { target: value } : (value as object)),
  }))
}

import type { ServerConfig } from '@rsbuild/core'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { HostLogger, Run } from '../adapter.ts'
import { overriddenPaths, proxiedService, proxyEntries } from '../http-proxy.ts'

type ProxyConfig = NonNullable<ServerConfig['proxy']>
type ProxyList = Extract<ProxyConfig, readonly unknown[]>

/** The user's proxy with the entries of all proxied services after it; `undefined` when there are none. */
export function proxyOptions(
  run: Run,
  options: ResolvedOptions,
  written: ProxyConfig | undefined,
  logger: HostLogger,
): ProxyConfig | undefined {
  const list = asList(written)
  const known = list.map(({ pathFilter, ...entry }) => ({
    ...entry,
    context: pathFilter as string,
  }))
  const added = options.services.flatMap(({ name, proxy }) => {
    const reservation = run.reservation(name)
    if (!reservation || proxy.length === 0) return []
    const service = proxiedService(reservation, proxy, run)
    for (const path of overriddenPaths(service, known)) {
      run.warn([
        `server.proxy["${path}"] in your config names another target than ${service.url}, so requests don't follow "${name}". Remove that target.`,
      ])
    }
    return proxyEntries(service, known, logger).map(({ context, onError: _onError, ...entry }) => ({
      ...entry,
      pathFilter: context,
    }))
  })
  return added.length > 0 ? ([...list, ...added] as ProxyList) : undefined
}

function asList(proxy: ProxyConfig | undefined): ProxyList {
  if (!proxy) return []
  if (Array.isArray(proxy)) return proxy as ProxyList
  return Object.entries(proxy).map(([pathFilter, value]) => ({
    pathFilter,
    ...(typeof value === 'string' ? { target: value } : value),
  })) as ProxyList
}

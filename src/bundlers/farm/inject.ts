import type { ResolvedOptions } from '../../options/resolved.ts'
import type { Run } from '../adapter.ts'
import { hmrOf, separateHmr } from './request.ts'
import type { FarmConfig, FarmHmr, FarmProxies, FarmServerOptions } from './types.ts'

/** The part of Farm's config that carries the ports of a run. */
export function injectPorts(
  run: Run,
  options: ResolvedOptions,
  written: FarmServerOptions,
  proxy: FarmProxies | undefined,
): FarmConfig {
  const dev = run.reservation('dev')
  const injected: FarmServerOptions = {}
  if (dev) Object.assign(injected, { port: dev.port, strictPort: true, host: dev.host ?? true })
  const hmr = hmrSettings(run, options, written)
  if (hmr) injected.hmr = hmr
  if (proxy) injected.proxy = proxy
  return { server: injected }
}

function hmrSettings(
  run: Run,
  options: ResolvedOptions,
  written: FarmServerOptions,
): FarmHmr | undefined {
  const dev = run.reservation('dev')
  if (written.hmr === false || !dev) return undefined
  const host = dev.host ?? true
  const own = separateHmr(options, written) ? run.reservation('hmr') : undefined
  // Of the server's host, so that Farm binds nothing for it: it gets a server that listens already.
  if (own) return { host, port: own.port }
  const { port } = hmrOf(written)
  // Another port than the server's is what a page behind a proxy connects to.
  return port !== undefined && port !== written.port ? undefined : { host, port: dev.port }
}

/**
 * Tells the page's client the HMR port of its own. By itself it asks the page for host and port,
 * unless a host is named.
 */
export function tellClient(config: FarmConfig, port: number, { host }: FarmHmr): void {
  const named = typeof host === 'string' && !ANY_HOST.has(host)
  config.compilation = {
    ...config.compilation,
    define: {
      ...config.compilation?.define,
      FARM_HMR_HOST: named ? JSON.stringify(host) : 'window.location.hostname',
      FARM_HMR_PORT: String(port),
    },
  }
}

const ANY_HOST = new Set(['0.0.0.0', '::'])

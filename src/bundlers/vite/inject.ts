import type { Server } from 'node:http'
import type { UserConfig } from 'vite'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { HostLogger, Run } from '../adapter.ts'
import type { ViteHost } from './host.ts'
import { overriddenPaths, proxyEntries, type ProxiedService } from './proxy.ts'

/** What the plugin's `config` hook returns, and what people should be told about it. */
export interface ViteInjection {
  readonly config: UserConfig
  readonly warnings: readonly string[]
}

/** Since 8.3 the settings of the WebSocket are under `server.ws`; before, under `server.hmr`. */
export function hmrOptionName(viteVersion: string | undefined): 'ws' | 'hmr' {
  const [major = 0, minor = 0] = (viteVersion ?? '0.0').split('.').map(Number)
  return major > 8 || (major === 8 && minor >= 3) ? 'ws' : 'hmr'
}

/** Only the keys that change: ports, `strictPort`, the HMR socket's server, proxy entries. */
export function injectPorts(
  run: Run,
  options: ResolvedOptions,
  config: UserConfig,
  host: ViteHost,
  hmr: { server: Server | undefined; option: 'ws' | 'hmr' },
  logger: () => HostLogger,
): ViteInjection {
  const server: NonNullable<UserConfig['server']> = {}
  const injected: UserConfig = { server }
  const dev = run.reservation('dev')
  if (dev) Object.assign(server, { port: dev.port, strictPort: true })
  const preview = run.reservation('preview')
  if (preview) injected.preview = { port: preview.port, strictPort: true }
  const ownHost = options.services.find(({ name }) => name === (preview ? 'preview' : 'dev'))?.host
  if (ownHost !== undefined && config.server?.host === undefined) {
    if (dev) server.host = ownHost
    if (injected.preview && config.preview?.host === undefined) injected.preview.host = ownHost
  }

  const hmrPort = run.reservation('hmr')?.port
  if (hmr.server && hmrPort !== undefined) {
    const clientPort = host.hmr.clientPort ?? hmrPort
    Object.assign(server, { [hmr.option]: { server: hmr.server, port: hmrPort, clientPort } })
  } else if (dev && host.hmrMode === 'shared' && host.hmr.port !== undefined) {
    Object.assign(server, { [hmr.option]: { port: dev.port } })
  }

  const warnings: string[] = []
  const add = (section: 'server' | 'preview', written: ProxyMap): void => {
    const entries: NonNullable<ProxyMap> = {}
    for (const service of proxiedServices(run, options, logger)) {
      Object.assign(entries, proxyEntries(service, written))
      for (const path of overriddenPaths(service, written)) {
        warnings.push(
          `${section}.proxy["${path}"] in your config names another target than ${service.url}, so requests don't follow "${service.hint().service}". Remove that target.`,
        )
      }
    }
    if (Object.keys(entries).length === 0) return
    if (section === 'server') server.proxy = entries
    else injected.preview = { ...injected.preview, proxy: entries }
  }
  // Preview takes the server's proxy unless it has one of its own.
  if (host.preview && config.preview?.proxy) add('preview', config.preview.proxy)
  else add('server', config.server?.proxy)
  return { config: injected, warnings }
}

type ProxyMap = NonNullable<UserConfig['server']>['proxy']

function proxiedServices(
  run: Run,
  options: ResolvedOptions,
  logger: () => HostLogger,
): ProxiedService[] {
  return options.services.flatMap(({ name, proxy }) => {
    const reservation = run.reservation(name)
    if (!reservation || proxy.length === 0) return []
    const hint = () => run.startHint(name)
    return [
      {
        get url() {
          // Another one after an edit of the config file.
          return (run.reservation(name) ?? reservation).url
        },
        rules: proxy,
        hint,
        get route() {
          return run.route(name)
        },
        logger,
      },
    ]
  })
}

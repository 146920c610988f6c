import type { Options, PoolOptions } from '../types.ts'

type Layout = NonNullable<Options['layout']>

/**
 * The ready-made sets of pools.
 *
 * They keep clear of the usual ports of well-known services, which would be busy on machines that
 * run those, and of everything below 12000, where most programs' defaults are.
 */
const LAYOUTS: Record<Layout, Record<string, PoolOptions>> = {
  standard: {
    frontend: { range: '12200-12999', description: 'Web apps, dev servers, previews' },
    backend: { range: '13000-13999', description: 'APIs, application servers, workers' },
    databases: { range: '14000-14499', description: 'Databases and their consoles' },
    cache: { range: '14500-14999', description: 'Caches and key-value stores' },
    queue: { range: '15000-15299', description: 'Queues, brokers, streams' },
    search: { range: '15300-15599', description: 'Search engines, vector stores' },
    storage: { range: '15700-15999', description: 'Object stores, file servers' },
    monitoring: { range: '16000-16499', description: 'Metrics, logs, traces' },
    security: { range: '16700-16999', description: 'Identity, secrets, certificates' },
    infrastructure: { range: '17000-17499', description: 'Gateways, registries, emulators, mail' },
    ci: { range: '17500-17999', description: 'Builds, test runners, preview environments' },
    docs: { range: '18000-18499', description: 'Documentation, component catalogues' },
    tools: { range: '18500-18999', description: 'Debuggers, inspectors, admin pages' },
    dynamic: {
      range: '20000-49999',
      description: 'Everything else; ephemeral ports in it are skipped',
    },
  },
}

/** The pools of a layout by name; none without one. */
export function layoutPools(layout: Options['layout']): Readonly<Record<string, PoolOptions>> {
  return layout === undefined ? {} : LAYOUTS[layout]
}

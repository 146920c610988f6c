/** What a host lets a plugin do, and so what `ports()` does there. */
export interface HostSupport {
  /** As people write it. */
  readonly name: string
  /** Path of the entry: `unplugin-ports/<entry>`. */
  readonly entry: string
  /**
   * When ports reach the host's config. `'async'`: its hook may wait. `'sync'`: it may not, so
   * ports are chosen within one tick. `'none'`: there is no server that a plugin could set up.
   */
  readonly injects: 'async' | 'sync' | 'none'
  /** The dev server listens on a held port. */
  readonly dev: boolean
  readonly hmr: boolean
  readonly preview: boolean
  /** `proxy` of a service is put into the dev server. */
  readonly proxy: boolean
  /** The managed block is written before the first build. */
  readonly env: boolean
  readonly summary: boolean
  /** `~ports` has the services in it; elsewhere it can be imported and is empty. */
  readonly module: boolean
  /** One sentence each. */
  readonly limits: readonly string[]
}

const FULL = {
  dev: true,
  hmr: true,
  preview: false,
  proxy: true,
  env: true,
  summary: true,
  module: true,
} as const

const WATCHING = {
  injects: 'none',
  dev: false,
  hmr: false,
  preview: false,
  proxy: false,
  env: true,
  summary: true,
  module: true,
} as const

const WATCH_ONLY = 'Ports are reserved while it watches; a build has none.'

/** Every host, in the order in which people are told of them. */
export const HOSTS: readonly HostSupport[] = [
  { ...FULL, name: 'Vite', entry: 'vite', injects: 'async', preview: true, limits: [] },
  { ...FULL, name: 'webpack', entry: 'webpack', injects: 'sync', limits: [] },
  { ...FULL, name: 'Rspack', entry: 'rspack', injects: 'sync', limits: [] },
  { ...FULL, name: 'Rsbuild', entry: 'rsbuild', injects: 'async', preview: true, limits: [] },
  {
    ...FULL,
    name: 'Farm',
    entry: 'farm',
    injects: 'async',
    limits: [
      'It restarts with the config that it read at its start: a change of `ports()` counts from the next start on.',
      'As npm installs it today, Farm 1.7 answers 404 to everything, also without this plugin: its koa-compose must be 4.1.0.',
    ],
  },
  {
    ...WATCHING,
    name: 'esbuild',
    entry: 'esbuild',
    dev: true,
    limits: [
      '`context.watch()` reserves the other services; the server gets its port from `serve(context)` of `unplugin-ports/esbuild`.',
      'esbuild binds by itself, so the held socket is let go just before; a stranger that is faster costs a retry with the next port.',
      '`ports()` goes first in `plugins`: behind a plugin with an asynchronous `setup` it learns of watching only at the second build.',
    ],
  },
  { ...WATCHING, name: 'Rollup', entry: 'rollup', limits: [WATCH_ONLY] },
  { ...WATCHING, name: 'Rolldown', entry: 'rolldown', limits: [WATCH_ONLY] },
  ...['Bun', 'unloader'].map((name): HostSupport => ({
    ...WATCHING,
    name,
    entry: name.toLowerCase(),
    env: false,
    summary: false,
    module: false,
    limits: ['It never watches, so there is nothing to reserve; `~ports` can be imported.'],
  })),
]

const COLUMNS = ['dev', 'hmr', 'preview', 'proxy', 'env', 'summary', 'module'] as const
const TITLES: Readonly<Record<string, string>> = {
  env: 'env file',
  module: '`~ports`',
}

/** The hosts as a Markdown table, with the limits as a list below it. */
export function renderHosts(hosts: readonly HostSupport[] = HOSTS): string {
  const table = [
    ['Host', 'Entry', ...COLUMNS.map((column) => TITLES[column] ?? column)],
    ...hosts.map((host) => [
      host.name,
      `\`unplugin-ports/${host.entry}\``,
      ...COLUMNS.map((column) => (host[column] ? 'yes' : '')),
    ]),
  ]
  return [...renderTable(table), '', ...renderLimits(hosts)].join('\n')
}

/** Padded as the formatter pads it. */
function renderTable([head = [], ...rows]: readonly string[][]): string[] {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

/** Hosts with the same limit share its line. */
function renderLimits(hosts: readonly HostSupport[]): string[] {
  const names = new Map<string, string[]>()
  for (const { name, limits } of hosts) {
    for (const limit of limits) names.set(limit, [...(names.get(limit) ?? []), name])
  }
  return [...names].map(([limit, of]) => `- ${of.join(', ')}: ${limit}`)
}

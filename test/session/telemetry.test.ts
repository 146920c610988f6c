import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Child, startNode } from '../_utils/children.ts'
import { git } from '../_utils/git.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** What the user's own set-up does: registers a provider, here one that prints what it collects. */
const REGISTER = `import { metrics } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

class Printer extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}
const printer = new Printer()
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [printer] }))
setInterval(async () => {
  const { resourceMetrics, errors } = await printer.collect()
  const found = resourceMetrics.scopeMetrics
    .filter(({ scope }) => scope.name === 'unplugin-ports')
    .flatMap(({ metrics }) => metrics)
    .map(({ descriptor: { name, unit }, dataPoints }) => ({ name, unit, dataPoints }))
  console.log('METRICS ' + JSON.stringify({ found, errors: errors.map(String) }))
}, 200).unref()
`

/** An API that says when it is loaded. */
const FAKE_API = `console.log('API LOADED')
exports.metrics = { getMeter() { throw new Error('not asked for') } }
`

interface Point {
  readonly attributes: Record<string, string>
  readonly value: number | { readonly count: number; readonly sum: number }
}

interface Collected {
  readonly found: readonly { name: string; unit: string; dataPoints: readonly Point[] }[]
  readonly errors: readonly string[]
}

/** The latest collection whose metrics `ready` accepts. */
function collected(child: Child, ready: (all: Map<string, readonly Point[]>) => boolean) {
  return until(() => {
    const text = child
      .output()
      .split('\n')
      .findLast((line) => line.startsWith('METRICS '))
    if (!text) return undefined
    const { found, errors } = JSON.parse(text.slice('METRICS '.length)) as Collected
    const all = new Map(found.map(({ name, dataPoints }) => [name, dataPoints]))
    return ready(all)
      ? { all, errors, units: new Map(found.map((f) => [f.name, f.unit])) }
      : undefined
  }, 30_000)
}

const values = (points: readonly Point[] | undefined, attribute: string): Record<string, unknown> =>
  Object.fromEntries((points ?? []).map((point) => [point.attributes[attribute], point.value]))

function startVite(root: TempRoot, env: Record<string, string>): Child {
  const vite = join(repo, 'node_modules/vite/bin/vite.js')
  return startNode([vite], { cwd: root.dir, env: { PORTS_HEALTH_INTERVAL_MS: '100', ...env } })
}

test("metrics go to the user's own meter provider", async () => {
  const [from, to] = await freeRange(4)
  await using _taken = await occupy('127.0.0.1', from)
  await using _api = await occupy('127.0.0.1', to)
  using root = tempRoot('vite-app')
  git(root.dir, 'init', '-q', '-b', 'feature-x')
  linkPackages(root.dir, {
    vite: 'vite',
    '@opentelemetry/api': '@opentelemetry/api',
    '@opentelemetry/sdk-metrics': '@opentelemetry/sdk-metrics',
  })
  const options = {
    pools: { web: [from, to] },
    services: {
      dev: { preferred: from, pool: 'web' },
      api: { preferred: to, required: false, strict: true },
    },
  }
  root.write({
    'otel.mjs': REGISTER,
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${JSON.stringify(options)})] }
`,
  })
  await using vite = startVite(root, { NODE_OPTIONS: '--import ./otel.mjs' })
  const { all, errors, units } = await collected(vite, (metrics) => {
    // The first probe may come before the server listens; failures are counted apart.
    const probe = metrics
      .get('ports.probe.duration')
      ?.find(({ attributes }) => attributes['error.type'] === undefined)
    return (
      typeof probe?.value === 'object' && probe.value.count > 1 && metrics.has('ports.pool.usage')
    )
  })
  expect(errors).toEqual([])
  expect(values(all.get('ports.allocations'), 'ports.source')).toEqual({ range: 1 })
  expect(all.get('ports.fallbacks')).toEqual([
    expect.objectContaining({
      value: 1,
      attributes: {
        'ports.project': root.dir.split('/').at(-1),
        'vcs.ref.head.name': 'feature-x',
      },
    }),
  ])
  expect(values(all.get('ports.conflicts'), 'ports.conflict.reason')).toEqual({ 'in-use': 2 })
  expect(all.get('ports.exhausted')?.[0]?.value).toBe(1)
  expect(all.get('ports.moves')?.[0]?.value).toBe(0)
  expect(values(all.get('ports.pool.usage'), 'ports.use')).toEqual({ reserved: 1, others: 2 })
  expect(all.get('ports.pool.limit')?.[0]?.value).toBe(4)
  expect(Object.keys(values(all.get('ports.probe.duration'), 'ports.service'))).toContain('dev')
  expect(Object.fromEntries(units)).toEqual({
    'ports.allocations': '{allocation}',
    'ports.fallbacks': '{allocation}',
    'ports.conflicts': '{port}',
    'ports.exhausted': '{service}',
    'ports.moves': '{move}',
    'ports.pool.usage': '{port}',
    'ports.pool.limit': '{port}',
    'ports.probe.duration': 's',
  })
})

test('without a provider the API is not even loaded', async () => {
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'node_modules/@opentelemetry/api/package.json':
      '{ "name": "@opentelemetry/api", "main": "i.js" }',
    'node_modules/@opentelemetry/api/i.js': FAKE_API,
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports()] }
`,
  })
  await using vite = startVite(root, {})
  await vite.sees(/Ports:[^]*dev/)
  const url = /http:\/\/localhost:\d+\//.exec(vite.output())?.[0] ?? ''
  expect((await fetch(url)).ok).toBe(true)
  expect(vite.output()).not.toContain('API LOADED')
})

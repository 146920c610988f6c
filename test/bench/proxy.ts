// The proxy's throughput and latency beside the bundler's own proxy without us, in turns.
// `npm run build && node --import tsx test/bench/proxy.ts [--json] [--rounds 7] [--ms 1500] [--only vite]`
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { load } from './_load.ts'
import { interleave, renderResults } from './_interleave.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '1500' },
    connections: { type: 'string', default: '16' },
    only: { type: 'string', default: '' },
  },
})

const API = `import { createServer } from 'node:http'
const body = JSON.stringify({ items: Array.from({ length: 20 }, (_, id) => ({ id, name: 'item ' + id })) })
createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(body)
}).listen(process.argv[2], 'localhost', () => console.log('up'))
`

const VITE = `import { createServer } from 'vite'
import ports from 'unplugin-ports/vite'
const [, , how, port, ...api] = process.argv
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  ...(how === 'plain'
    ? { server: { port: Number(port), proxy: { '/api': { target: 'http://localhost:' + api[0], ws: true } } } }
    : { plugins: [ports(JSON.parse(how))] }),
})
await server.listen()
console.log('up')
`

const WEBPACK = `import webpack from 'webpack'
import WebpackDevServer from 'webpack-dev-server'
import ports from 'unplugin-ports/webpack'
const [, , how, port, ...api] = process.argv
const plain = how === 'plain'
const compiler = webpack({
  mode: 'development',
  entry: './main.js',
  stats: 'none',
  infrastructureLogging: { level: 'none' },
  plugins: plain ? [] : [ports(JSON.parse(how))],
})
const proxy = [{ context: ['/api'], target: 'http://localhost:' + api[0], ws: true }]
await new WebpackDevServer(
  { static: false, host: 'localhost', ...(plain && { port: Number(port), proxy }) },
  compiler,
).start()
console.log('up')
`

const HOSTS = { 'vite.mjs': 'Vite', 'webpack.mjs': 'webpack-dev-server' } as const
const settings = {
  connections: Number(values.connections),
  durationMs: Number(values.ms),
}
const report: Record<string, unknown> = {}

using root = tempRoot()
execFileSync('git', ['init', '-q', root.dir])
linkPackages(root.dir, {
  vite: 'vite',
  webpack: 'webpack',
  'webpack-dev-server': 'webpack-dev-server',
})
root.write({
  'package.json': '{ "type": "module" }',
  'index.html': '<script type="module" src="/main.js"></script>',
  'main.js': 'export {}',
  'api.mjs': API,
  'vite.mjs': VITE,
  'webpack.mjs': WEBPACK,
})
const [apiPort, lastApi] = await freeRange(2)
await using api = startNode(['api.mjs', String(apiPort)], { cwd: root.dir })
await api.sees(/up/)

for (const [program, title] of Object.entries(HOSTS)) {
  if (!title.toLowerCase().startsWith(values.only)) continue
  const services = { preferred: apiPort, proxy: '/api' }
  const contenders = {
    'without unplugin-ports': 'plain',
    'one service': servicesOf(services),
    'two instances': servicesOf({ ...services, count: 2, range: [apiPort, lastApi] }),
  }
  const running = await Promise.all(
    Object.entries(contenders).map(async ([name, how]) => {
      const [port] = await freeRange(1)
      const options = typeof how === 'string' ? how : JSON.stringify(withPort(how, port))
      const child = startNode([program, options, String(port), String(apiPort)], { cwd: root.dir })
      await child.sees(/up/, 60_000)
      const url = `http://localhost:${port}/api/items`
      await until(async () => (await fetch(url)).status === 200)
      return { name, child, run: () => load(url, settings) }
    }),
  )
  // Not before its port is reserved for it.
  await using second = startNode(['api.mjs', String(lastApi)], { cwd: root.dir })
  await second.sees(/up/)
  const results = await interleave(running, Number(values.rounds))
  report[title] = results
  if (!values.json) console.log(`${renderResults(title, results)}\n`)
  for (const { child } of running) await child.end()
}
if (values.json) console.log(JSON.stringify(report, undefined, 2))

interface PluginOptions {
  readonly env: false
  readonly sticky: false
  readonly summary: false
  readonly services: Readonly<Record<string, unknown>>
}

function servicesOf(service: object): PluginOptions {
  return { env: false, sticky: false, summary: false, services: { api: service } }
}

/** The options of one server, with its own port in them. */
function withPort(options: PluginOptions, port: number): PluginOptions {
  return { ...options, services: { ...options.services, dev: port } }
}

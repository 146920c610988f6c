import { join } from 'node:path'
import { type Child, startNode } from '../../_utils/children.ts'
import { get } from '../../_utils/http.ts'
import { repo } from '../../_utils/temp.ts'
import { type App, type Host, stopSource, urlAfter } from './host.ts'

const CLI = join(repo, 'node_modules/@farmfe/cli/bin/farm.mjs')

/** `farm start` of `@farmfe/cli`. */
export const farmHost: Host = {
  name: 'farm start',
  cannot: {
    'auto-port': 'Farm has no such port',
    'local-ip': 'Farm has no such host',
  },
  defaultHost: 'all',
  portsCode: scriptPath,
  hmr: {
    path: async () => '/__hmr',
    protocols: ['farm_hmr'],
    greeting: /"connected"/,
    variable: 'HMR_PORT',
  },
  packages: { '@farmfe/core': '@farmfe/core' },
  files: (app) => ({
    'package.json': '{ "type": "module" }',
    'index.html': '<!doctype html><body><h1>app</h1><script src="./main.js"></script></body>',
    'main.js': "import { services } from '~ports'\nconsole.log(services)\n",
    'farm.config.mjs': configText(app),
  }),
  start: (dir, args, env) => startFarm(dir, ['start', ...(args ?? [])], env),
  url: farmUrl,
}

/** Runs the real `farm` command in `dir`. */
export function startFarm(
  dir: string,
  args: readonly string[] = ['start'],
  env: Record<string, string> = {},
): Child {
  return startNode([CLI, ...args], { cwd: dir, env })
}

/** The first URL that Farm prints. */
export function farmUrl(child: Child): Promise<URL> {
  return urlAfter(child, /(?:Local|Network):/)
}

/** The path of the app's script, which Farm names by what is in it. */
export async function scriptPath(page: URL): Promise<string> {
  const { text } = await get(page.href)
  const path = /src="(\/[^"]+\.js)"/.exec(text)?.[1]
  if (!path) throw new Error(`no script in ${text.slice(-1000)}`)
  return path
}

function configText({ ports = '', server = {}, https, slowMs }: App): string {
  const settings = { ...server, ...(https && { https }) }
  const slow = `{ name: 'slow', configureCompiler() { stop(${slowMs}) } }`
  return `import ports from 'unplugin-ports/farm'

${stopSource}

export default {
  compilation: { input: { index: './index.html' } },
  plugins: [ports(${ports}), ${slowMs === undefined ? '' : slow}],
  server: ${JSON.stringify(settings)},
}
`
}

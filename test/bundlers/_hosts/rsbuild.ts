import { join } from 'node:path'
import { startNode } from '../../_utils/children.ts'
import { repo } from '../../_utils/temp.ts'
import { type App, type Host, stopSource, urlAfter } from './host.ts'

const CLI = join(repo, 'node_modules/@rsbuild/core/bin/rsbuild.js')
const CODE = '/static/js/index.js'

/** `rsbuild dev` of `@rsbuild/core`. */
export const rsbuildHost: Host = {
  name: 'rsbuild dev',
  cannot: {
    'auto-port': 'Rsbuild has no such port',
    'local-ip': 'Rsbuild has no such host',
  },
  defaultHost: 'localhost',
  portsCode: CODE,
  hmr: { path: socketPath, protocols: [], greeting: /"type":/, variable: 'HMR_PORT' },
  packages: { '@rsbuild/core': '@rsbuild/core' },
  files: (app) => ({
    'package.json': '{ "type": "module" }',
    'page.html': '<!doctype html><h1>app</h1>',
    'main.js': "import { services } from '~ports'\nconsole.log(services)\n",
    'rsbuild.config.mjs': configText(app),
  }),
  start: (dir, args = [], env = {}) => startNode([CLI, 'dev', ...args], { cwd: dir, env }),
  url: (child) => urlAfter(child, /(?:Local|Network):/),
}

/** A socket is accepted only with the token that the page's code carries. */
async function socketPath(page: URL): Promise<string> {
  const code = await (await fetch(new URL(CODE, page))).text()
  return `/rsbuild-hmr?token=${/init\)\('([0-9a-f]+)'/.exec(code)?.[1]}`
}

function configText({ ports = '', server = {}, https, slowMs }: App): string {
  const stop = `{ apply() { stop(${slowMs}) } }`
  const rspack = `{ optimization: { splitChunks: false }, plugins: [${slowMs ? stop : ''}] }`
  return `import ports from 'unplugin-ports/rsbuild'

${stopSource}

export default {
  plugins: [ports(${ports})],
  source: { entry: { index: './main.js' } },
  html: { template: './page.html' },
  server: ${JSON.stringify({ ...server, ...(https && { https }) })},
  tools: { rspack: ${rspack} },
}
`
}

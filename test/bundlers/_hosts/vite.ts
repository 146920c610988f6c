import { get } from '../../_utils/http.ts'
import { startVite } from '../../_utils/vite.ts'
import { type App, type Host, urlAfter } from './host.ts'

/** Vite's command line. */
export const viteHost: Host = {
  name: 'vite',
  cannot: {
    'auto-port': 'Vite has no such value',
    'local-ip': 'Vite has no such name',
  },
  defaultHost: 'localhost',
  portsCode: '/@id/__x00__~ports',
  hmr: {
    async path(page) {
      const { text } = await get(new URL('/@vite/client', page).href)
      return `/?token=${/wsToken = "(.+?)"/.exec(text)?.[1]}`
    },
    protocols: ['vite-hmr'],
    greeting: /"connected"/,
    variable: 'VITE_HMR_PORT',
  },
  packages: { vite: 'vite' },
  files: (app) => ({
    'package.json': '{ "type": "module" }',
    'index.html': '<h1>app</h1><script type="module" src="/main.js"></script>',
    'main.js': `import { services } from '~ports'\nconsole.log(services)`,
    'vite.config.mjs': configText(app),
  }),
  start: (dir, args, env) => startVite('vite', dir, args, env),
  url: (child) => urlAfter(child, /(?:Local|Network):/),
}

function configText({ ports = '', server, https, slowMs }: App): string {
  const slow = `{ name: 'slow', async buildStart() {
    console.log('building')
    await new Promise((resolve) => setTimeout(resolve, ${slowMs}))
  } }`
  return `import ports from 'unplugin-ports/vite'
export default {
  plugins: [ports(${ports}), ${slowMs === undefined ? '' : slow}],
  server: ${JSON.stringify({ ...server, https })},
}
`
}

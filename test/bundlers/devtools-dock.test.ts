import { join } from 'node:path'
import { expect, test } from 'vitest'
import { get } from '../_utils/http.ts'
import { freePort } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { startNode } from '../_utils/children.ts'

/**
 * Calls the plugins' hooks as `@vitejs/devtools` 0.8 does: in order, with a context that has more
 * than is used here, and an entry that is there already is an error unless it is forced.
 */
const DEVTOOLS = `const devtools = {
  name: 'devtools',
  async configureServer(server) {
    const views = new Map()
    const docks = {
      views,
      register(entry, force) {
        if (views.has(entry.id) && !force) throw new Error('registered twice: ' + entry.id)
        views.set(entry.id, entry)
      },
    }
    const context = { mode: 'dev', viteConfig: server.config, viteServer: server, docks, commands: {} }
    for (const plugin of server.config.plugins) await plugin.devtools?.setup?.(context)
    console.log('DOCKS ' + JSON.stringify([...views.values()]))
  },
}`

async function docks(options: string): Promise<{ port: number; docks: Record<string, unknown>[] }> {
  const port = await freePort()
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
${DEVTOOLS}
export default { plugins: [ports(${options}), ports({ services: { api: ${port + 1} } }), devtools], server: { port: ${port} } }
`,
  })
  await using vite = startNode([join(repo, 'node_modules/vite/bin/vite.js')], { cwd: root.dir })
  const [, text = ''] = await vite.sees(/DOCKS (.*)/)
  await vite.sees(/Local:/)
  const found = JSON.parse(text) as Record<string, unknown>[]
  const [dock] = found
  if (dock) {
    const page = await get(`http://localhost:${port}${String(dock.url)}`)
    expect(page.status).toBe(200)
    expect(page.text).toMatch(/<html/i)
  }
  return { port, docks: found }
}

test('Vite DevTools gets a dock that opens the status page', async () => {
  const { docks: found } = await docks('{}')
  expect(found).toEqual([
    {
      id: 'unplugin-ports',
      title: 'Ports',
      type: 'iframe',
      url: '/__ports/',
      icon: {
        light: expect.stringMatching(/^data:image\/svg\+xml,%3Csvg/) as string,
        dark: expect.stringMatching(/^data:image\/svg\+xml,%3Csvg/) as string,
      },
    },
  ])
})

test('without the status page there is none', async () => {
  expect((await docks('{ statusPage: false }')).docks).toEqual([])
})

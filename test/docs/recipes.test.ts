import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

const { snippets, blocks, snippet } = codeOf(readFileSync(join(repo, 'docs/recipes.md'), 'utf8'))

/**
 * How each snippet comes to Vite; the frameworks themselves are not installed here. `config` is the
 * snippet's export.
 */
const TO_VITE: Readonly<Record<string, string>> = {
  'svelte.vite.config.js': 'config',
  'react.vite.config.ts': 'config',
  'astro.config.mjs': 'config.vite',
  'integration.mjs': `(() => {
    let vite
    const hooks = config({ services: { api: 3000 } }).hooks
    hooks['astro:config:setup']({ updateConfig: (more) => (vite = more.vite) })
    return vite
  })()`,
  'electron.vite.config.mjs': 'config.renderer',
  'nuxt.config.ts': 'config.vite',
  'ports.module.ts': '(config.setup(), { plugins: added })',
  'main.js': 'config.viteFinal({})',
}

/** What the snippets import or find as a global, doing nothing. */
const STANDINS: Readonly<Record<string, string>> = {
  '@sveltejs/kit/vite': 'export const sveltekit = () => []',
  '@react-router/dev/vite': 'export const reactRouter = () => []',
  'astro/config': 'export const defineConfig = (config) => config',
  'nuxt/kit': `globalThis.added = []
export const addVitePlugin = (plugin) => globalThis.added.push(plugin)
export const defineNuxtModule = (module) => module`,
}

function install(root: TempRoot): void {
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'package.json': '{ "type": "module" }', 'index.html': '<h1>app</h1>' })
  for (const [name, code] of Object.entries(STANDINS)) {
    const [, packageName = '', entry = ''] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(name) ?? []
    root.write({
      [`node_modules/${packageName}/package.json`]: JSON.stringify({
        type: 'module',
        exports: { [`./${entry}`]: './entry.js' },
      }),
      [`node_modules/${packageName}/entry.js`]: code,
    })
  }
}

test('every snippet is one that a test here runs', () => {
  const tested = [...Object.keys(TO_VITE), 'tauri.mjs']
  expect(snippets.map(({ file }) => file).toSorted()).toEqual(tested.toSorted())
  expect(blocks).toBe(snippets.length)
})

describe('a config', () => {
  test.each(Object.entries(TO_VITE))('%s gives Vite what it needs', async (file, toVite) => {
    using root = tempRoot()
    install(root)
    root.write({
      [file.replace(/\.ts$/, '.js')]: snippet(file),
      'start.js': `import { createServer } from 'vite'
globalThis.defineNuxtConfig = (config) => config
const { default: config } = await import('./${file.replace(/\.ts$/, '.js')}')
const added = globalThis.added
const server = await createServer({ configFile: false, ...(${toVite}) })
await server.listen()
console.log('served ' + (await (await fetch(server.resolvedUrls.local[0])).text()).includes('<h1>app'))
console.log('port ' + server.httpServer.address().port)
await server.close()`,
    })
    await using child = startNode(['start.js'], { cwd: root.dir })
    expect((await child.ended).code, child.output()).toBe(0)
    expect(child.output()).toContain('served true')
    const { DEV_PORT, API_PORT } = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
    expect(child.output()).toContain(`port ${DEV_PORT}`)
    if (file !== 'main.js') expect(Number(API_PORT)).toBeGreaterThan(0)
  })
})

test("tauri.mjs merges the port into Tauri's config and ends as Tauri does", async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  const standin = `#!/usr/bin/env node
console.log(JSON.stringify(process.argv.slice(2)))
process.exit(3)`
  root.write({
    'tauri.mjs': snippet('tauri.mjs'),
    'package.json': '{ "private": true }',
    'node_modules/tauri/package.json': '{ "name": "tauri", "bin": "tauri.js" }',
    'node_modules/.bin/tauri': standin,
  })
  chmodSync(join(root.dir, 'node_modules/.bin/tauri'), 0o755)
  const cli = join(repo, 'dist/cli.mjs')
  const args = [cli, 'run', '--name', 'dev', '--', process.execPath, 'tauri.mjs']
  await using child = startNode(args, { cwd: root.dir })
  expect((await child.ended).code, child.output()).toBe(3)
  const [, port] = await child.sees(/dev on http:\/\/localhost:(\d+)/)
  expect(child.output()).toContain(
    JSON.stringify([
      'dev',
      '--config',
      JSON.stringify({ build: { devUrl: `http://localhost:${port}` } }),
    ]),
  )
})

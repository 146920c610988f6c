import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { git, initRepo } from '../_utils/git.ts'
import { recordFile, recordOf } from '../_utils/memory.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { localPort, startVite } from '../_utils/vite.ts'

const apiProgram = join(repo, 'test/fixtures/programs/api.mjs')

let shop: TempRoot
let main: string
let feature: string
let dev: number
let api: number

/** A repository with a Vite app and a linked worktree of it; both find the packages in their parent. */
beforeAll(async () => {
  const [from] = await freeRange(90)
  dev = from
  api = from + 45
  shop = tempRoot()
  main = join(shop.dir, 'shop')
  feature = join(shop.dir, 'feature-x')
  mkdirSync(main)
  linkPackages(shop.dir, { vite: 'vite', ws: 'ws' })
  shop.write({
    'shop/package.json': '{ "type": "module" }',
    'shop/.gitignore': '.env.local\n',
    'shop/index.html': '<h1>shop</h1>',
    'shop/vite.config.js': `import ports from 'unplugin-ports/vite'
export default {
  server: { port: ${dev} },
  plugins: [ports({ services: {
    dev: { range: '${dev}-${dev + 44}' },
    api: { preferred: ${api}, range: '${api}-${api + 44}', proxy: '/api' },
  } })],
}
`,
  })
  initRepo(main)
  git(main, 'worktree', 'add', '-b', 'feature/x', feature)
})
afterAll(() => shop[Symbol.dispose]())

function envOf(root: string): Record<string, string | undefined> {
  return parseEnv(readFileSync(join(root, '.env.local'), 'utf8'))
}

/** The ports of a run that has ended when this returns, and what it printed. */
async function run(root: string, env: Record<string, string> = {}) {
  await using child = startVite('vite', root, [], env)
  const port = await localPort(child)
  await child.sees(/ api +\d+ .*/)
  await child.end('SIGINT')
  return { dev: port, api: Number(envOf(root).API_PORT), text: child.output() }
}

test('main checkout and worktree have ports of their own, in any order of starts', async () => {
  const own = await run(feature)
  expect(own.dev).not.toBe(dev)
  expect(own.api).not.toBe(api)
  expect(own.text).toMatch(/Ports: +http:\/\/localhost:\d+\/__ports\/ +feature\/x/)
  expect(own.text).toMatch(/dev +\S+ +this worktree's own \(1 attempt\)/)
  expect(own.text).not.toContain('fallback')

  const first = await run(main)
  expect(first).toMatchObject({ dev, api })
  expect(first.text).toMatch(/dev +\S+ +preferred \(1 attempt\)/)

  const again = await run(feature)
  expect(again).toMatchObject({ dev: own.dev, api: own.api })
  expect(again.text).toMatch(/dev +\S+ +remembered \(1 attempt\)/)
  expect(await run(main)).toMatchObject({ dev, api })
  expect(recordOf(feature)).toMatchObject({
    branch: 'feature/x',
    services: { dev: { port: own.dev, held: true }, api: { port: own.api } },
  })
})

test('both at once, in either order', async () => {
  const before = [await run(main), await run(feature)].map((r) => [r.dev, r.api])
  const together = await Promise.all([run(feature), run(main)])
  expect(together.toReversed().map((r) => [r.dev, r.api])).toEqual(before)
})

test('another project is told for whom a port is kept, and who is there when it runs', async () => {
  using other = tempRoot('vite-app')
  linkPackages(other.dir, { vite: 'vite' })
  const config = readFileSync(join(main, 'vite.config.js'), 'utf8')
  other.write({ 'package.json': '{ "type": "module" }', 'vite.config.js': config })
  const wide = { COLUMNS: '300' }
  await run(main)
  const kept = await run(other.dir, wide)
  expect(kept.dev).not.toBe(dev)
  expect(kept.text).toMatch(
    new RegExp(`dev .*: ${dev} remembered for "dev" in \\.\\./.*shop \\(main\\)`),
  )
  await using child = startVite('vite', main)
  expect(await localPort(child)).toBe(dev)
  const held = await run(other.dir, wide)
  expect(held.dev).toBe(kept.dev)
  expect(held.text).toMatch(
    new RegExp(`dev .*: ${dev} held by vite in .*shop \\(main, pid \\d+\\)`),
  )
})

test("a worktree's API that runs on the usual port is found there", async () => {
  await using server = startNode([apiProgram, 'feature'], {
    cwd: feature,
    env: { API_PORT: String(api) },
  })
  await server.sees(/api on/)
  const { text, api: port } = await run(feature)
  expect(port).toBe(api)
  expect(text).toMatch(/api .*already running/)
})

test('a record that is in the way is said once, also over a restart', async () => {
  const file = recordFile(main)
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replace('"v": 1', '"v": 2'))
  await using child = startVite('vite', main)
  await localPort(child)
  await child.sees(/ports are not remembered: .*newer version/)
  const config = join(main, 'vite.config.js')
  writeFileSync(config, `${readFileSync(config, 'utf8')}\n`)
  await child.sees(/server restarted/)
  await child.end('SIGINT')
  expect(child.output().match(/ports are not remembered/g)).toHaveLength(1)
  writeFileSync(file, before)
})

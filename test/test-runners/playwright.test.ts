import { describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { TASK_VARIABLE } from '../../src/test-runners/server-task.ts'
import { repo } from '../_utils/temp.ts'
import { processWorld } from '../../src/session/world.ts'
import { playwrightPorts } from '../../src/test-runners/playwright.ts'
import { startNode } from '../_utils/children.ts'
import { isFree, freeRange, freePort } from '../_utils/sockets.ts'
import { startStranger } from '../_utils/cli.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { until } from '../_utils/until.ts'
import { browserOptions, checkout, configOf, seenIn, startPlaywright } from './_playwright.ts'

test('starts the server on a port that all workers know, and leaves nothing behind', async () => {
  const port = await freePort()
  const config = configOf(`{ command: 'node server.mjs', preferred: ${port} }`)
  using root = checkout({ 'playwright.config.ts': config })
  await using run = startPlaywright(root)
  expect((await run.ended).code, run.output()).toBe(0)
  expect(seenIn(run.output())).toEqual({ ports: [port], workers: 2, passed: 4 })
  await until(() => isFree(port))
})

test('a port of another checkout is passed over, and it is said whose it is', async () => {
  const [from, to] = await freeRange(3)
  using other = checkout({})
  await using foreign = await startStranger(other.dir, from)
  const config = configOf(
    `{ command: 'node server.mjs', preferred: ${from}, range: '${from}-${to}' }`,
  )
  using root = checkout({ 'playwright.config.ts': config })
  await using run = startPlaywright(root)
  expect((await run.ended).code, run.output()).toBe(0)
  expect(seenIn(run.output())).toEqual({ ports: [from + 1], workers: 2, passed: 4 })
  const said = new RegExp(
    `ports: dev is http://localhost:${from + 1}; ${from} held by .*pid ${foreign.pid}`,
    'g',
  )
  expect(run.output().match(said)).toHaveLength(1)
})

test('where only that port will do, the tests are refused before they start', async () => {
  const port = await freePort()
  using other = checkout({})
  await using foreign = await startStranger(other.dir, port)
  const config = configOf(`{ command: 'node server.mjs', preferred: ${port}, strict: true }`)
  using root = checkout({ 'playwright.config.ts': config })
  await using run = startPlaywright(root)
  expect((await run.ended).code).toBe(1)
  expect(run.output()).toContain('PORTS_TAKEN')
  expect(run.output()).toMatch(new RegExp(`${port} .*pid ${foreign.pid}`))
  expect(seenIn(run.output()).passed).toBe(0)
})

describe('a server of this checkout that runs already', () => {
  const vite = (root: string): Record<string, string> => ({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'\nexport default { plugins: [ports()] }`,
    'index.html': `<title>${root}</title><p>the dev server</p>`,
  })
  const config = (more = ''): string => configOf(`{ command: 'node server.mjs'${more} }`)

  test('is used, wherever it is, and stays', async () => {
    using root = checkout({ 'playwright.config.ts': config() })
    root.write(vite(root.dir))
    await using dev = startVite('vite', root.dir, ['--port', String(await freePort())])
    const port = await localPort(dev)
    await using run = startPlaywright(root)
    expect((await run.ended).code, run.output()).toBe(0)
    expect(seenIn(run.output())).toEqual({ ports: [port], workers: 2, passed: 4 })
    expect(run.output()).toContain(`ports: dev is http://localhost:${port}, `)
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toContain('the dev server')
  })

  test('is recognised without the plugin by where it works', async () => {
    const port = await freePort()
    using root = checkout({ 'playwright.config.ts': config(`, preferred: ${port}`) })
    await using own = startNode(['server.mjs'], { cwd: root.dir, env: { PORT: String(port) } })
    await own.sees(/listening/)
    await using run = startPlaywright(root)
    expect((await run.ended).code, run.output()).toBe(0)
    expect(seenIn(run.output()).ports).toEqual([port])
    expect(own.process.exitCode).toBe(null)
  })

  test('is left alone with reuse: false, and the tests get one of their own', async () => {
    const [from, to] = await freeRange(3)
    const where = `, preferred: ${from}, range: '${from}-${to}', reuse: false`
    using root = checkout({ 'playwright.config.ts': config(where) })
    await using own = startNode(['server.mjs'], { cwd: root.dir, env: { PORT: String(from) } })
    await own.sees(/listening/)
    await using run = startPlaywright(root)
    expect((await run.ended).code, run.output()).toBe(0)
    expect(seenIn(run.output()).ports).toEqual([from + 1])
  })
})

test('two checkouts that want one port are tested at the same time', async () => {
  const [from, to] = await freeRange(4)
  const config = configOf(
    `{ command: 'node server.mjs', preferred: ${from}, range: '${from}-${to}' }`,
  )
  using one = checkout({ 'playwright.config.ts': config })
  using two = checkout({ 'playwright.config.ts': config })
  await using first = startPlaywright(one)
  await using second = startPlaywright(two)
  for (const run of [first, second]) {
    expect((await run.ended).code, run.output()).toBe(0)
    expect(seenIn(run.output()).passed).toBe(4)
  }
  expect(seenIn(first.output()).ports).not.toEqual(seenIn(second.output()).ports)
})

test('several servers know of each other, and a CommonJS project sees a page in a browser', async () => {
  const config = configOf(
    `{ servers: { dev: { command: 'npm run dev', path: '/shop' }, api: { command: 'node server.mjs' } } }`,
    browserOptions(),
  )
  using root = checkout(
    {
      'package.json': '{ "private": true, "scripts": { "dev": "node server.mjs" } }',
      'playwright.config.ts': config,
      'e2e/shop.spec.ts': `import { expect, test } from '@playwright/test'
import { port, url } from 'unplugin-ports/playwright'
test('shop', async ({ page, request }) => {
  await page.goto('/')
  await expect(page).toHaveTitle(process.cwd())
  await expect(page.locator('#api')).toHaveText(String(port('api')))
  expect((await request.get(url('api'))).ok()).toBe(true)
  expect(() => port('db')).toThrow('has no service "db". It has: "dev", "api"')
})`,
    },
    'commonjs',
  )
  await using run = startPlaywright(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('a command that ends is told with what it said', async () => {
  using root = checkout({ 'playwright.config.ts': configOf(`{ command: 'node missing.mjs' }`) })
  await using run = startPlaywright(root)
  expect((await run.ended).code).toBe(1)
  expect(run.output()).toMatch(/was not able to start/)
  expect(run.output()).toContain('missing.mjs')
})

test.each([
  [{ servers: {} }, /name at least one server/],
  [{ command: '' }, /servers\.dev\.command: should be a line for the shell/],
  [{ command: 'x', range: 'x' }, /services\.dev\.range/],
])('%j is an error', (options, says) => {
  expect(() => playwrightPorts(options, processWorld())).toThrow(says)
})

test('nothing is reserved or wrapped where everything is switched off', () => {
  const world = { ...processWorld(), env: { PORTS: '0' } }
  const { webServer, use } = playwrightPorts({ command: 'npm start', preferred: 4000 }, world)
  expect(use.baseURL).toBe('http://localhost:4000')
  expect(webServer).toMatchObject([
    { command: 'npm start', url: 'http://localhost:4000/', reuseExistingServer: true },
  ])
})

test('a config that is loaded again by the same process keeps its port, and the server that was started on it', async () => {
  const [from, to] = await freeRange(5)
  using root = checkout({})
  const world = { ...processWorld(), cwd: root.dir }
  const options = { command: 'x', range: [from, to] as const, reuse: false }
  const [first] = playwrightPorts(options, world).webServer
  const [again] = playwrightPorts(options, world).webServer
  expect(again).toEqual(first)
  expect(first).toMatchObject({ url: `http://localhost:${from}/`, reuseExistingServer: false })
  // As if Playwright had started it, which in UI mode stays while the config is loaded again.
  await using runner = startNode([join(repo, 'dist/test-server.mjs')], {
    cwd: root.dir,
    env: {
      ...first?.env,
      [TASK_VARIABLE]: (first?.env?.[TASK_VARIABLE] ?? '').replace('"x"', '"node server.mjs"'),
    },
  })
  await runner.sees(/listening/)
  const [running] = playwrightPorts(options, world).webServer
  expect(running).toMatchObject({ url: `http://localhost:${from}/`, reuseExistingServer: true })
  expect((await runner.end('SIGTERM')).code).toBe(143)
})

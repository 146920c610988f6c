import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alive } from '../_utils/alive.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile, endOf, runCli, runJson } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { SAMPLES, twoWorktrees } from '../_utils/samples.ts'
import { freePort, freeRange, isFree } from '../_utils/sockets.ts'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { startInTerminal } from '../_utils/terminal.ts'
import { until } from '../_utils/until.ts'

const API = join(repo, 'test/fixtures/processes/api.mjs')
const NODE = [process.execPath, API]
/** npm, two bundlers and two APIs on a small machine, in milliseconds. */
const SLOW_MS = 60_000

interface Hello {
  readonly hello: string
  readonly pid: number
  readonly web: string
}

function dev(cwd: string, ...args: string[]): Child {
  return startNode([cliFile, 'dev', ...args], { cwd })
}

/** A project with these services in its config. */
function project(services: object): TempRoot {
  const root = tempRoot()
  root.write({
    'package.json': '{ "type": "module" }',
    'ports.config.json': JSON.stringify({ services }),
  })
  return root
}

async function urlOf(child: Child, service: string): Promise<string> {
  const pattern = new RegExp(`^ +${service} +(http://localhost:\\d+)/`, 'm')
  return (await child.sees(pattern, SLOW_MS))[1] ?? ''
}

async function hello(url: string): Promise<Hello> {
  return JSON.parse((await get(url)).text) as Hello
}

describe('twice side by side in two worktrees, stopped, and again on the same ports', () => {
  test.each(SAMPLES)('$fixture', async (sample) => {
    const { web, ready } = sample
    const ports = await freeRange(2)
    using worktrees = twoWorktrees(sample, ports)
    const [main, linked] = worktrees.dirs

    const seen: string[][] = []
    for (let round = 0; round < 2; round++) {
      await using first = dev(main)
      await using second = dev(linked)
      const urls = await Promise.all(
        [first, second].map(async (child) => [await urlOf(child, web), await urlOf(child, 'api')]),
      )
      seen.push(urls.flat())
      for (const [index, dir] of [main, linked].entries()) {
        const [page = '', server = ''] = urls[index] ?? []
        await (index === 0 ? first : second).sees(/\[api\] the API is up/, SLOW_MS)
        await (index === 0 ? first : second).sees(ready, SLOW_MS)
        const direct = await hello(`${server}/api/hello`)
        expect(direct.hello).toMatch(new RegExp(`^${dir}`))
        expect(direct.web).toBe(page)
        expect((await get(`${page}/`)).text).toContain('<h1>app</h1>')
        // Through the page's own proxy, so that nobody talks to the other checkout.
        expect((await hello(`${page}/api/hello`)).pid).toBe(direct.pid)
      }
      expect(new Set(urls.flat()).size).toBe(4)
      for (const child of [first, second]) {
        child.process.kill('SIGINT')
        expect((await child.ended).code).toBe(130)
      }
      for (const url of urls.flat()) expect(await isFree(Number(new URL(url).port))).toBe(true)
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]?.[0]).toBe(`http://localhost:${ports[0]}`)
  })
})

test('without a config what is certain is started, and said', async () => {
  using root = tempRoot()
  root.write({
    'package.json': JSON.stringify({
      type: 'module',
      scripts: { api: `node ${API}`, build: 'tsc', dev: 'tsc --watch' },
    }),
  })
  await using child = dev(root.dir)
  await child.sees(
    /no ports\.config; guessed from the project:\n +api +npm run api +\(script "api"\)/,
  )
  const url = await urlOf(child, 'api')
  expect((await get(url)).status).toBe(200)
  expect(child.output()).not.toContain('tsc')
  expect(existsSync(join(root.dir, 'ports.config.mjs'))).toBe(false)
})

test('with nothing that could be started it says what to write', async () => {
  using root = tempRoot()
  const { code, stderr } = await runCli(['dev'], { cwd: root.dir })
  expect(code).toBe(1)
  expect(stderr).toContain("api: { command: 'node api.js' }")
})

test('a part of the services, with what they depend on, and a profile', async () => {
  using root = project({
    web: { command: NODE, dependsOn: 'api', health: '/', env: { NAME: 'web' } },
    api: { command: NODE, env: { NAME: 'api' } },
    docs: { command: NODE, env: { NAME: 'docs' } },
    mail: { command: NODE, env: { NAME: 'mail' }, profiles: ['e2e'] },
  })
  {
    await using child = dev(root.dir, 'web')
    await child.sees(/\[web\] web listens/)
    expect(child.output()).toMatch(/\[api\] api listens/)
    expect(child.output()).not.toMatch(/docs|mail/)
    await child.end('SIGTERM')
  }
  await using child = dev(root.dir, '--profile', 'e2e')
  await child.sees(/\[mail\] mail listens/)
  await child.sees(/\[docs\] docs listens/)
  const { code, stderr } = await runCli(['dev', 'webb'], { cwd: root.dir })
  expect(code).toBe(1)
  expect(stderr).toContain('Did you mean "web"?')
})

test('a second one in the checkout says what runs', async () => {
  using root = project({ api: { command: NODE, preferred: await freePort() } })
  await using first = dev(root.dir)
  const { pid } = await hello(await urlOf(first, 'api'))
  const second = await runCli(['dev'], { cwd: root.dir })
  expect(second.code).toBe(4)
  expect(second.stdout).toMatch(/api +http.*already running/)
  expect(second.stderr).toContain(
    `all of it runs already in this checkout: api (pid ${pid}), started by `,
  )
  expect(second.stderr).toContain(`(pid ${first.pid}). \`ports stop api\` ends one of them`)
  expect((await hello(await urlOf(first, 'api'))).pid).toBe(pid)

  // And one of its services may be stopped alone.
  const { leases } = await runJson<{ leases?: unknown }>(['list'], { cwd: root.dir })
  expect(leases ?? []).toBeDefined()
  const { port } = new URL(await urlOf(first, 'api'))
  expect((await runCli(['stop', port, '--yes'], { cwd: root.dir })).code).toBe(0)
  await until(() => !alive(pid))
})

test('raw lines, and a file for each service', async () => {
  using root = project({
    api: { command: 'printf "\\033[31mred\\033[0m\\nplain"', restart: false },
  })
  const { code, stdout } = await endOf(dev(root.dir, '--raw', '--logs', 'logs'))
  expect(code).toBe(0)
  expect(stdout).toMatch(/^red\nplain$/m)
  expect(readFileSync(join(root.dir, 'logs/api.log'), 'utf8')).toBe('red\nplain\n')
})

test('it ends when everything has, and says how', async () => {
  using root = project({ api: { command: 'exit 3', restart: { maxRetries: 1, delayMs: 10 } } })
  const { code, stderr } = await endOf(dev(root.dir))
  expect(code).toBe(1)
  expect(stderr).toMatch(/"api" has ended with exit code 3; it is started again in 0 s\./)
  expect(stderr).toMatch(/"api" has ended with exit code 3 after 2 starts and is left alone\./)
})

test('an edit of the config changes just what it says', async () => {
  const [port] = await freeRange(2)
  const api = { command: NODE, preferred: port, env: { NAME: 'api' } }
  using root = project({ api })
  await using child = dev(root.dir)
  await child.sees(/\[api\] api listens/)
  const { pid } = await hello(`http://localhost:${port}`)
  const web = { command: NODE, preferred: port + 1, env: { NAME: 'web' } }
  root.write({ 'ports.config.json': JSON.stringify({ services: { api, web } }) })
  await child.sees(/\[web\] web listens/)
  expect((await hello(`http://localhost:${port}`)).pid).toBe(pid)
  root.write({ 'ports.config.json': '{' })
  await child.sees(/an edit of ports\.config\.json was not followed/)
  root.write({ 'ports.config.json': JSON.stringify({ services: { web } }) })
  await until(() => !alive(pid) && isFree(port))
  expect((await get(`http://localhost:${port + 1}`)).status).toBe(200)
})

describe.runIf(process.platform !== 'win32')('in a terminal', () => {
  test('the status line, a restart, the browser, and q', async () => {
    const [port] = await freeRange(2)
    using root = project({
      api: { command: NODE, preferred: port, env: { NAME: 'api' } },
      web: { command: NODE, preferred: port + 1, env: { NAME: 'web' }, dependsOn: 'api' },
    })
    root.write({ browser: `#!/bin/sh\necho "$1" >> ${root.dir}/opened\n` })
    const browser = `${root.dir}/open.sh`
    root.write({ 'open.sh': `#!/bin/sh\necho "$1" >> ${root.dir}/opened\n` })
    await using run = startInTerminal(['dev'], { cwd: root.dir, env: { BROWSER: browser } })
    const { chmodSync } = await import('node:fs')
    chmodSync(browser, 0o755)
    await run.sees(/● api {2}● web {2}r restart {2}o open {2}s status {2}q quit/)
    const pids = async () =>
      Promise.all([port, port + 1].map(async (one) => (await hello(`http://localhost:${one}`)).pid))
    const [api, web] = await pids()
    run.type('r')
    await run.sees(/restart which\? a all, esc none/)
    run.type('2')
    await until(async () => (await pids())[1] !== web)
    expect((await pids())[0]).toBe(api)
    run.type('o')
    run.type('s')
    const opened = () => readFileSync(`${root.dir}/opened`, 'utf8').trim().split('\n').toSorted()
    await until(() => existsSync(`${root.dir}/opened`) && opened().length === 2)
    expect(opened()).toEqual([
      `http://localhost:${port + 1}/`,
      `http://localhost:${port + 1}/__ports/`,
    ])
    run.type('q')
    expect((await run.ended).code).toBe(0)
    expect(await isFree(port)).toBe(true)
    expect(alive(api)).toBe(false)
  })

  test('Ctrl-C stops everything, in reverse order', async () => {
    const log = { LOG: '' }
    using root = project({})
    log.LOG = join(root.dir, 'log')
    root.write({
      'ports.config.json': JSON.stringify({
        services: {
          web: { command: NODE, env: { NAME: 'web', ...log }, dependsOn: 'api' },
          api: { command: NODE, env: { NAME: 'api', ...log } },
        },
      }),
    })
    await using run = startInTerminal(['dev'], { cwd: root.dir })
    await run.sees(/\[web\] web listens/)
    run.type('\u0003')
    expect((await run.ended).code).toBe(130)
    expect(readFileSync(log.LOG, 'utf8')).toMatch(/end web\nend api\n$/)
  })

  test('without a config it asks once, and writes the answer', async () => {
    using root = tempRoot()
    root.write({
      'package.json': JSON.stringify({
        type: 'module',
        scripts: { api: `node ${API}`, worker: `node ${API}` },
      }),
    })
    await using run = startInTerminal(['dev'], { cwd: root.dir })
    await run.sees(/What does this project start\?/)
    await run.sees(/worker: npm run worker/)
    run.type('\u001b[B')
    run.type(' ')
    run.type('\r')
    await run.sees(/written to ports\.config\.mjs/)
    await run.sees(/\[api\] api listens/)
    const file = join(root.dir, 'ports.config.mjs')
    const { default: config } = (await import(file)) as { default: object }
    expect(config).toEqual({ services: { api: { command: 'npm run api' } } })
    run.type('q')
    expect((await run.ended).code).toBe(0)
  })

  test('and starts nothing when nobody wants it', async () => {
    using root = tempRoot()
    root.write({ 'package.json': JSON.stringify({ scripts: { api: `node ${API}` } }) })
    await using run = startInTerminal(['dev'], { cwd: root.dir })
    await run.sees(/What does this project start\?/)
    run.type('\u0003')
    expect((await run.ended).code).toBe(3)
    expect(existsSync(join(root.dir, 'ports.config.mjs'))).toBe(false)
  })
})

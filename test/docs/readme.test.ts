import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { startNode } from '../_utils/children.ts'
import { freePort, isFree } from '../_utils/sockets.ts'
import { bindDatagram, freeUdpPort, receive } from '../_utils/datagrams.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { codeOf } from './_snippets.ts'

const readme = readFileSync(join(repo, 'README.md'), 'utf8')

const { snippets, blocks, snippet } = codeOf(readme)

test('every snippet of code is one that a test here runs', () => {
  expect(snippets.map((s) => s.file)).toEqual([
    'vite.config.js',
    'webpack.config.cjs',
    'rspack.config.mjs',
    'rsbuild.config.mjs',
    'farm.config.mjs',
    'serve.mjs',
    'vite.config.js',
    'api.js',
    'ports.config.ts',
    'main.js',
    'server.js',
    'parent.js',
    'start.js',
    'echo.js',
  ])
  expect(blocks).toBe(snippets.length)
})

test('the one-line config serves', async () => {
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'vite.config.js': snippet('vite.config.js') })
  await using child = startVite('vite', root.dir)
  const port = await localPort(child)
  expect((await fetch(`http://localhost:${port}/`)).status).toBe(200)
})

describe('the other bundlers', () => {
  const hosts = [
    {
      file: 'webpack.config.cjs',
      command: ['webpack-cli/bin/cli.js', 'serve'],
      url: /Loopback: http:\/\/localhost:(\d+)\//,
    },
    {
      file: 'rspack.config.mjs',
      command: ['@rspack/cli/bin/rspack.js', 'serve'],
      url: /dev +http:\/\/localhost:(\d+)\//,
    },
    {
      file: 'rsbuild.config.mjs',
      command: ['@rsbuild/core/bin/rsbuild.js', 'dev'],
      url: /Local: +http:\/\/localhost:(\d+)\//,
    },
    {
      file: 'farm.config.mjs',
      command: ['@farmfe/cli/bin/farm.mjs', 'start'],
      url: /Local: +http:\/\/localhost:(\d+)\//,
    },
  ]
  test.each(hosts)('$file serves', async ({ file, command, url }) => {
    using root = tempRoot()
    linkPackages(root.dir, {
      webpack: 'webpack',
      'webpack-cli': 'webpack-cli',
      'webpack-dev-server': 'webpack-dev-server',
      '@rspack': '@rspack',
      '@rsbuild': '@rsbuild',
      '@farmfe': '@farmfe',
    })
    root.write({
      [file]: snippet(file),
      'main.js': snippet('main.js'),
      'package.json': '{}',
      'public/index.html': '',
      'index.html': '<!doctype html><body><script src="./main.js"></script></body>',
    })
    const [program = '', ...args] = command
    await using child = startNode([join(repo, 'node_modules', program), ...args], { cwd: root.dir })
    const [, port] = await child.sees(url)
    await child.sees(/hmr +shared with dev/)
    expect((await fetch(`http://localhost:${port}/`)).status).toBe(200)
    expect(parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8')).DEV_PORT).toBe(port)
  })
})

test('esbuild serves', async () => {
  using root = tempRoot()
  linkPackages(root.dir, { esbuild: 'esbuild' })
  root.write({
    'serve.mjs': snippet('serve.mjs'),
    'main.js': snippet('main.js'),
    'index.html': '<h1>app</h1>',
    'package.json': '{ "type": "module" }',
  })
  await using child = startNode(['serve.mjs'], { cwd: root.dir })
  const [, port] = await child.sees(/dev +http:\/\/\S+:(\d+)\//)
  expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe('<h1>app</h1>')
})

test('the config with an API, the API, and the module', async () => {
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.js': snippet('vite.config.js', 'services'),
    'api.js': snippet('api.js'),
    'main.js': snippet('main.js'),
  })
  await using child = startVite('vite', root.dir)
  const url = `http://localhost:${await localPort(child)}`
  const { API_PORT } = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
  expect((await fetch(`${url}/api/x`)).status).toBe(502)
  expect(readme).toContain('node --env-file=.env.local api.js')
  await using api = startNode(['--env-file=.env.local', 'api.js'], { cwd: root.dir })
  expect(await until(async () => (await fetch(`${url}/api/x`)).ok && 'yes')).toBe('yes')
  expect(await (await fetch(`${url}/api/x`)).text()).toBe('hello')
  expect(api.output()).toBe('')
  expect(await (await fetch(`${url}/main.js`)).text()).toContain('services')
  const module = await (await fetch(`${url}/@id/__x00__~ports`)).text()
  expect(module).toContain(`"url": "http://localhost:${API_PORT}"`)
})

test('the config file, in a workspace', async () => {
  using root = tempRoot()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'package.json': '{}', 'ports.config.ts': snippet('ports.config.ts') })
  for (const [name, expected] of [
    ['web', /api +\d+ /],
    ['admin', undefined],
  ] as const) {
    root.write({
      'package.json': '{ "workspaces": ["apps/*"] }',
      [`apps/${name}/package.json`]: '{ "type": "module" }',
      [`apps/${name}/index.html`]: name,
      [`apps/${name}/vite.config.js`]: snippet('vite.config.js'),
    })
    await using child = startVite('vite', join(root.dir, 'apps', name))
    const port = await localPort(child)
    expect(port).toBeGreaterThanOrEqual(5173)
    expect(port).toBeLessThanOrEqual(5199)
    await child.sees(/hmr +shared with dev/)
    if (expected) await child.sees(expected)
    else expect(child.output()).not.toMatch(/^ +api /m)
  }
})

test('the program', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({ 'package.json': '{ "type": "module" }', 'server.js': snippet('server.js') })
  await using child = startNode(['server.js'], { cwd: root.dir })
  const [, url = ''] = await child.sees(/(http:\/\/localhost:8\d\d\d) \{/)
  await child.sees(/service: 'web'/)
  expect(await (await fetch(url)).text()).toBe('hello')
})

test('the program that hands its port to another one', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  const port = await freePort()
  root.write({
    'package.json': '{ "type": "module" }',
    'parent.js': snippet('parent.js').replace('3000', String(port)),
    'api.js': snippet('api.js'),
  })
  await using child = startNode(['parent.js'], { cwd: root.dir })
  await until(async () => {
    const response = await fetch(`http://localhost:${port}`)
    return (await response.text()) === 'hello'
  })
  await child.end('SIGKILL')
  // The server ends with the one who started it.
  await until(() => isFree(port))
})

test('the program with ports of its own', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({
    'package.json': '{ "type": "module" }',
    'start.js': snippet('start.js'),
  })
  await using child = startNode(['start.js'], { cwd: root.dir })
  await child.sees(/api has 3\d\d\d: /)
  expect((await child.ended).code).toBe(0)
  expect(child.output()).toMatch(/^http:\/\/localhost:8\d\d\d 3\d\d\d$/m)
})

test('the program with a UDP port and a socket', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({ 'package.json': '{ "type": "module" }', 'echo.js': snippet('echo.js') })
  const env = { XDG_RUNTIME_DIR: root.dir }
  await using child = startNode(['echo.js'], { cwd: root.dir, env: { ...process.env, ...env } })
  const [, port, path] = await child.sees(/udp:\/\/localhost:(8\d\d\d) (\S+)/)
  const { address } = await lookup('localhost')
  const client = await bindDatagram(await freeUdpPort(), address)
  const got = receive(client)
  client.send('ping', Number(port), address)
  await until(() => got.includes('ping'))
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ socketPath: path }, resolve).on('error', reject)
  })
  expect(response.statusCode).toBe(200)
  response.destroy()
  client.close()
})

describe('the option tables', () => {
  const types = readFileSync(join(repo, 'src/types.ts'), 'utf8')
  const rows = [...readme.matchAll(/^\| `(\w+)` +\|[^|]*\|([^|]*)\|$/gm)].map((match) => ({
    name: match[1] ?? '',
    default: (match[2] ?? '').trim(),
  }))

  function keysOf(type: string): string[] {
    const body = new RegExp(`export interface ${type} \\{([^]*?)\\n\\}`).exec(types)?.[1] ?? ''
    return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1] ?? '')
  }

  test('name every option and no other', () => {
    expect(rows.map((row) => row.name).toSorted()).toEqual(
      [...keysOf('Options'), ...keysOf('ServiceOptions')].toSorted(),
    )
  })

  test('tell the defaults that are used', () => {
    const resolved = resolveOptions(undefined, { dev: 5173, hmr: 24_678, preview: 4173 })
    const defaultOf = (name: string): string =>
      rows.find((row) => row.name === name)?.default ?? 'missing'
    expect(defaultOf('services')).toBe(
      resolved.services.map((service) => `\`${service.name}\``).join(', '),
    )
    expect(defaultOf('env')).toBe(`\`{ file: '${resolved.env?.file}' }\``)
    expect(defaultOf('summary')).toBe(`\`${resolved.summary}\``)
    expect(defaultOf('required')).toBe(`\`${resolved.services[0]?.required}\``)
    expect(defaultOf('separate')).toBe(`\`${resolved.services[1]?.separate}\``)
    expect(resolved.strict ?? false).toBe(defaultOf('strict') === '`true`')
    const { range } = resolveOptions({ services: { api: 3000 } }).services[0] ?? {}
    expect(range).toEqual({ from: 3000, to: 3099 })
  })

  test('agree with the doc comments', () => {
    for (const [, comment = '', name = ''] of types.matchAll(
      /@default ([^\n]+)\n[ */]*\n {2}(\w+)\?:/g,
    )) {
      const row = rows.find((entry) => entry.name === name)
      if (!row || !/^(true|false|'[^']+')$/.test(comment)) continue
      expect(row.default, name).toContain(comment)
    }
  })
})

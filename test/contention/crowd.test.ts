import { join } from 'node:path'
import { expect, test } from 'vitest'
import { viteHost } from '../bundlers/_hosts/vite.ts'
import { pageFiles, webpackCliHost } from '../bundlers/_hosts/webpack.ts'
import { rspackCliHost } from '../bundlers/_hosts/rspack.ts'
import type { Host } from '../bundlers/_hosts/host.ts'
import { type Child, start, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { recordOf } from '../_utils/memory.ts'
import { type NodeBinary, testNodes } from '../_utils/nodes.ts'
import { freeRange, hasIPv6 } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { expectNothingLeft, marked } from './_aftermath.ts'

const PLAIN = 20
/** Ports that the ill neighbours may have at a time, and those that others are just trying. */
const SPARE = 60
/** All start at once, on a small machine that others use as well. */
const START_DEADLINE_MS = 60_000

// Those of one range may well be of different versions.
const nodes = await testNodes()
const fixtures = join(repo, 'test/fixtures')
const pest = join(fixtures, 'contention/pest.mjs')
const HOSTS = [undefined, '127.0.0.1', true, ...(hasIPv6 ? ['::1'] : [])] as const

/** One process of the crowd: who it says it is on its ports. */
interface Member {
  readonly child: Child
  readonly root: string
  /** What it got, by service. */
  readonly ports: () => Promise<Record<string, number>>
  /** Where its server is asked, where that is not `localhost`. */
  readonly hosts?: Readonly<Record<string, string>>
  /** What its server answers. */
  readonly identity: RegExp
  readonly end: NodeJS.Signals
}

test('thirty processes of all kinds and Node versions on one range, with neighbours that bind, connect and flood', async () => {
  const [from, to] = await freeRange(PLAIN * 2 + 8 + SPARE)
  const range = [from, to] as const
  using base = tempRoot()
  base.write({ 'sockets/.keep': '' })
  const socketDir = join(base.dir, 'sockets')
  const mark = marked()
  const env = { ...mark, XDG_RUNTIME_DIR: socketDir }
  const pests = ['bind', 'bind', 'flood', 'flood'].map((what) =>
    startNode([pest, what, String(from), String(to)], { env }),
  )
  const members: Member[] = []
  try {
    await Promise.all(pests.map((child) => child.sees(/did [1-9]/)))
    for (let index = 0; index < PLAIN; index++) members.push(plain(base, index, range, env))
    const bundlers: [Host, string][] = [
      [viteHost, 'vite'],
      [viteHost, 'vite'],
      [webpackCliHost('webpack-dev-server'), 'webpack'],
      [rspackCliHost, 'rspack'],
    ]
    for (const [index, [host, kind]] of bundlers.entries()) {
      members.push(bundler(base, `${kind}-${index}`, host, kind, range, env))
    }
    for (const line of [['node'], ['node'], ['true && node']]) {
      members.push(run(base, members.length, line.join(' '), range, env))
    }
    await Promise.all(
      members.slice(0, PLAIN).map(({ child }) => child.sees(/ready/, START_DEADLINE_MS)),
    )
    for (const { child } of members.slice(0, PLAIN)) child.process.stdin?.write('go\n')

    const had = await Promise.all(members.map(({ ports }) => ports()))
    const all = had.flatMap((ports) => Object.values(ports))
    expect(all.length).toBeGreaterThanOrEqual(PLAIN * 2 + 7)
    expect(new Set(all).size).toBe(all.length)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(from)
    expect(Math.max(...all)).toBeLessThanOrEqual(to)
    for (const [index, { identity, child, hosts }] of members.entries()) {
      for (const [service, port] of Object.entries(had[index] ?? {})) {
        const url = `http://${hosts?.[service] ?? 'localhost'}:${port}/who`
        expect((await get(url)).text, child.output()).toMatch(identity)
      }
      expect(child.output()).not.toMatch(/failed|EADDRINUSE/)
      expect(recordOf(members[index]?.root ?? '')?.services).toMatchObject(
        Object.fromEntries(
          Object.entries(had[index] ?? {}).map(([name, port]) => [name, { port }]),
        ),
      )
    }

    await Promise.all(members.map(({ child, end }) => child.end(end)))
  } finally {
    await Promise.all(members.map(({ child }) => child.end()))
    await Promise.all(pests.map((child) => child.end('SIGTERM')))
  }
  for (const child of pests) expect(child.output()).toMatch(/did \d{3,} in all/)
  await expectNothingLeft({
    ports: Array.from({ length: to - from + 1 }, (_, index) => from + index),
    mark,
    socketDirs: [socketDir],
  })
}, 180_000)

type Range = readonly [from: number, to: number]

/** A program with two ports, on different addresses, and every other one with a socket of its own. */
function plain(base: TempRoot, index: number, range: Range, env: Record<string, string>): Member {
  const root = join(base.dir, `plain-${index}`)
  base.write({ [`plain-${index}/package.json`]: '{}' })
  // What is killed can't remove its socket; the next start does.
  const end = index % 2 === 0 ? 'SIGTERM' : 'SIGKILL'
  const host = (nth: number): (typeof HOSTS)[number] => HOSTS[(index + nth) % HOSTS.length]
  const options = {
    root,
    services: {
      one: { preferred: range[0], range, host: host(0) },
      two: { range, host: host(1) },
      ...(end === 'SIGTERM' && { socket: { protocol: 'unix' } }),
    },
  }
  const { file = process.execPath }: Partial<NodeBinary> = nodes[index % nodes.length] ?? {}
  const child = start(file, [join(fixtures, 'contention/served.mjs'), JSON.stringify(options)], {
    cwd: repo,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ports: Member['ports'] = async () =>
    JSON.parse((await child.sees(/^ports (.*)$/m, START_DEADLINE_MS))[1] ?? '') as Record<
      string,
      number
    >
  const six = ['one', 'two'].filter((_, nth) => host(nth) === '::1')
  const hosts = Object.fromEntries(six.map((name) => [name, '[::1]']))
  return { child, root, ports, hosts, identity: new RegExp(`^${child.pid}$`), end }
}

/** A dev server whose page tells its pid. */
function bundler(
  base: TempRoot,
  name: string,
  host: Host,
  kind: string,
  range: Range,
  env: Record<string, string>,
): Member {
  const root = join(base.dir, name)
  const files = {
    ...pageFiles,
    ...(kind === 'vite' && { 'index.html': '<h1>app</h1>' }),
    [`${kind}.config.mjs`]: `import ports from 'unplugin-ports/${kind}'
const who = (_request, response) => response.end(String(process.pid))
const plugin = ports({ services: { dev: { preferred: ${range[0]}, range: ${JSON.stringify(range)} } } })
export default ${
      kind === 'vite'
        ? `{ plugins: [plugin, { name: 'who', configureServer: (server) => void server.middlewares.use('/who', who) }] }`
        : `{ mode: 'development', devtool: false, plugins: [plugin], devServer: {
  setupMiddlewares: (list) => [{ name: 'who', path: '/who', middleware: who }, ...list] } }`
    }
`,
  }
  base.write(
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text])),
  )
  linkPackages(root, host.packages)
  const child = host.start(root, [], env)
  const ports = async (): Promise<Record<string, number>> => ({
    dev: Number((await host.url(child)).port),
  })
  return { child, root, ports, identity: new RegExp(`^${child.pid}$`), end: 'SIGTERM' }
}

/** `ports run` with a server whose parent it is. */
function run(
  base: TempRoot,
  index: number,
  command: string,
  range: Range,
  env: Record<string, string>,
): Member {
  const root = join(base.dir, `run-${index}`)
  base.write({ [`run-${index}/package.json`]: '{}' })
  const flags = ['run', '--port', String(range[0]), '--range', range.join('-')]
  const server = join(fixtures, 'servers/http.mjs')
  const words =
    command === 'node' ? [process.execPath, server] : [`true && '${process.execPath}' '${server}'`]
  const child = startNode([cliFile, ...flags, ...words], { cwd: root, env })
  const ports: Member['ports'] = async () => {
    await child.sees(/^up /m, START_DEADLINE_MS)
    return { app: Number((await child.sees(/ports: app on http:\/\/localhost:(\d+)/))[1]) }
  }
  const end = (['SIGTERM', 'SIGINT', 'SIGKILL'] as const)[index % 3] as NodeJS.Signals
  return { child, root, ports, identity: /^http\.mjs \d+$/, end }
}

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { linkPackages, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

/** A program of the bundler under test, in an app whose bundle says what `~ports` said. */
export interface WatchingHost {
  readonly name: string
  readonly packages: Readonly<Record<string, string>>
  /**
   * A program that watches `main.js` with the plugin options `ports` behind a plugin that prints
   * `env: true` when the block is there at the first build, prints `built` after each build and
   * `failed: <why>` instead, and closes the watcher and prints `closed` when it gets a message.
   */
  watcher(ports: string): string
  /** The same app built once; the program ends when it gets a message. */
  build(ports: string): string
}

/** A program in the app's directory that can be sent messages. */
export function startProgram(root: TempRoot, file: string): Child {
  return startNode([file], { cwd: root.dir, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
}

/** The app; its bundle goes to `out.mjs`. */
export function plainApp(host: Pick<WatchingHost, 'packages'>): TempRoot {
  const root = tempRoot()
  linkPackages(root.dir, host.packages)
  root.write({ 'package.json': '{ "type": "module" }', 'main.js': mainText('first') })
  return root
}

/** Exports what the bundle knows, and a text that tells edits apart. */
export function mainText(edit: string): string {
  return `import { services } from '~ports'\nexport const ports = services\nexport const edit = '${edit}'\n`
}

/** What the bundle in `out.mjs` exports now. */
export async function bundle(
  root: TempRoot,
): Promise<{ ports: Record<string, { port: number; url: string }>; edit: string }> {
  const text = readFileSync(join(root.dir, 'out.mjs'))
  return import(
    /* @vite-ignore */ `${pathToFileURL(join(root.dir, 'out.mjs')).href}?${text.toString('base64url')}`
  )
}

/** The variables of the managed block. */
export function envOf(root: TempRoot): NodeJS.Dict<string> {
  return parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
}

/** Nobody leases the port any more. */
export async function released(port: number): Promise<void> {
  await until(async () => (await whoHolds(port)) === undefined, 20_000, `${port} released`)
}

/** What every watching bundler without a server of its own does. */
export function describeWatching(host: WatchingHost): void {
  test('a watcher leases ports, publishes them before its first build, and gives them back', async () => {
    const [from, to] = await freeRange(3)
    await using _taken = await occupy('127.0.0.1', from)
    using root = plainApp(host)
    root.write({
      'watch.mjs': host.watcher(
        JSON.stringify({ services: { api: { preferred: from, range: [from, to] } } }),
      ),
    })
    await using child = startProgram(root, 'watch.mjs')
    await child.sees(/built/)
    const port = from + 1
    expect(child.output()).toContain('env: true')
    expect(envOf(root)).toMatchObject({
      API_PORT: String(port),
      API_URL: `http://localhost:${port}`,
    })
    expect(await bundle(root)).toMatchObject({
      edit: 'first',
      ports: { api: { port, url: `http://localhost:${port}` } },
    })
    await child.sees(new RegExp(`api +${port} +fallback \\(2 attempts\\): ${from} held by`))
    expect(await whoHolds(port)).toMatchObject({
      service: 'api',
      state: 'leased',
      pid: child.pid,
      root: root.dir,
    })
    expect(await isFree(port), 'its own server must be able to bind').toBe(true)

    await using _server = await occupy('127.0.0.1', port)
    root.write({ 'main.js': mainText('second') })
    await until(async () => (await bundle(root)).edit === 'second')
    expect((await bundle(root)).ports).toEqual({ api: { port, url: `http://localhost:${port}` } })
    expect(child.output().match(/➜ {2}Ports/g)).toHaveLength(1)
    expect(await whoHolds(port)).toMatchObject({ via: 'lease', root: root.dir })

    child.process.send('close')
    await child.sees(/closed/)
    await until(async () => (await whoHolds(port))?.via !== 'lease')
    expect(child.process.exitCode, 'the lease ends with the watcher, not the process').toBe(null)
  })

  test('a port that must be had and is not fails the build, with what to do', async () => {
    const [port] = await freeRange(1)
    const taken = await occupy('127.0.0.1', port)
    try {
      using root = plainApp(host)
      const ports = { services: { api: { preferred: port, strict: true } } }
      root.write({ 'watch.mjs': host.watcher(JSON.stringify(ports)) })
      await using child = startProgram(root, 'watch.mjs')
      await child.sees(new RegExp(`failed: [^]*"api" may only use ${port}`))
      expect(existsSync(join(root.dir, 'out.mjs'))).toBe(false)
    } finally {
      await taken[Symbol.asyncDispose]()
    }
  })

  test('a build has no ports, no env file and no output of ours', async () => {
    const [port] = await freeRange(1)
    using root = plainApp(host)
    root.write({ 'build.mjs': host.build(JSON.stringify({ services: { api: port } })) })
    await using child = startProgram(root, 'build.mjs')
    await child.sees(/built/)
    expect(await whoHolds(port)).toBeUndefined()
    child.process.send('end')
    expect((await child.ended).code).toBe(0)
    expect(child.output().trim()).toBe('env: false\nbuilt')
    expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
    expect((await bundle(root)).ports).toEqual({})
  })
}

import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createNetServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { port, reserve, whoHolds } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { repo, tempRoot, type TempRoot } from '../_utils/temp.ts'

const LISTEN = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`

/** A program of somebody else that listens on `path`. */
async function stranger(path: string): Promise<Child> {
  const child = startNode(['-e', LISTEN, path], { cwd: dirname(path) })
  await child.sees(/up/)
  return child
}

/** A program that reserves one service on a path, and says where. */
function reserving(root: string, then = ''): Child {
  const script = `
    import { reserve } from 'unplugin-ports/api'
    const held = await reserve({ root: ${JSON.stringify(root)}, services: { db: { protocol: 'unix' } } })
    console.log('got', held.services.db.path, '.')
    ${then}
    process.stdin.resume()`
  return startNode(['--input-type=module', '-e', script], {
    cwd: repo,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function get(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve)
    })
      .on('error', reject)
      .end()
  })
}

async function end(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

describe.skipIf(process.platform === 'win32')('sockets', () => {
  let runtime: TempRoot
  beforeAll(() => {
    runtime = tempRoot()
    process.env.XDG_RUNTIME_DIR = runtime.dir
  })
  afterAll(() => {
    delete process.env.XDG_RUNTIME_DIR
    runtime[Symbol.dispose]()
  })

  test('a path of its own, adopted by an http server without a gap, removed at the end', async () => {
    using root = tempRoot()
    const held = await reserve({ root: root.dir, services: { api: { protocol: 'unix' } } })
    const { api } = held.services
    const path = api?.path ?? ''
    expect(dirname(path)).toBe(join(runtime.dir, 'unplugin-ports'))
    expect(api).toMatchObject({ port: 0, protocol: 'unix', state: 'held', url: `unix:${path}` })
    expect(held.env()).toEqual({ API_SOCKET: path, API_URL: `unix:${path}` })
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    await expect(port('api', root.dir)).rejects.toMatchObject({ code: 'PORTS_NO_SERVICE' })

    const early = get(path)
    const server = createServer((_, response) => response.end('served'))
    api?.adoptInto(server)
    expect(await early).toBe('served')
    expect(await get(path)).toBe('served')
    expect(() => api?.takeDatagramSocket()).toThrow('another server has adopted it')
    await held.release()
    expect(await get(path)).toBe('served')
    await end(server)
    expect(existsSync(path)).toBe(false)
  })

  test('the path stays the same from run to run, and differs between roots and services', async () => {
    using one = tempRoot()
    using two = tempRoot()
    const services = { api: { protocol: 'unix' }, db: { protocol: 'unix' } } as const
    const paths = async (root: string): Promise<(string | undefined)[]> => {
      await using held = await reserve({ root, services })
      return Object.values(held.services).map((service) => service.path)
    }
    const [first, again, other] = [await paths(one.dir), await paths(one.dir), await paths(two.dir)]
    expect(again).toEqual(first)
    expect(new Set([...first, ...other]).size).toBe(4)
  })

  test('a path of the options is relative to the root, its directory is made, odd names are encoded', async () => {
    using root = tempRoot()
    const path = join(root.dir, 'run it/ü%.sock')
    await using held = await reserve({
      root: root.dir,
      services: { api: { protocol: 'unix', path: 'run it/ü%.sock' } },
    })
    expect(held.services.api?.path).toBe(path)
    expect(held.services.api?.url).toBe(`unix:${root.dir}/run%20it/%C3%BC%25.sock`)
    expect(await whoHolds(`unix:${path}`)).toMatchObject({ via: 'lease', service: 'api', path })
  })

  test('a variable says where, before the options', async () => {
    using root = tempRoot()
    process.env.API_SOCKET = 'typed.sock'
    try {
      const api = { protocol: 'unix', path: 'usual.sock' } as const
      await using held = await reserve({ root: root.dir, services: { api } })
      expect(held.services.api).toMatchObject({ path: join(root.dir, 'typed.sock'), source: 'env' })
    } finally {
      delete process.env.API_SOCKET
    }
  })

  test("a dead process's socket is replaced, a live one's never, and its owner is named", async () => {
    using root = tempRoot()
    const path = join(root.dir, 'api.sock')
    const options = {
      root: root.dir,
      services: { api: { protocol: 'unix', path: 'api.sock' } },
    } as const
    await using live = await stranger(path)
    await expect(reserve(options)).rejects.toMatchObject({
      code: 'PORTS_TAKEN',
      message: expect.stringContaining(`pid ${live.pid}`) as string,
      problems: [{ attempts: [{ path, rejected: 'in-use', holder: { pid: live.pid, path } }] }],
    })
    expect(await whoHolds(`unix:${path}`)).toMatchObject({ via: 'system', pid: live.pid })
    await live.end('SIGKILL')
    expect(existsSync(path)).toBe(true)
    await using held = await reserve(options)
    expect(held.services.api?.path).toBe(path)
  })

  test('a file or directory in the place of the socket stays, and the error says so', async () => {
    using root = tempRoot()
    root.write({ 'a.sock': 'precious' })
    mkdirSync(join(root.dir, 'b.sock'))
    for (const path of ['a.sock', 'b.sock']) {
      const services = { api: { protocol: 'unix', path } } as const
      await expect(reserve({ root: root.dir, services })).rejects.toMatchObject({
        code: 'PORTS_TAKEN',
        message: expect.stringContaining('a file that is no socket; it stays') as string,
      })
    }
    expect(readFileSync(join(root.dir, 'a.sock'), 'utf8')).toBe('precious')
  })

  test('a path that is too long is an error that says the limit', async () => {
    using root = tempRoot()
    const services = { api: { protocol: 'unix', path: `${'x'.repeat(120)}.sock` } } as const
    await expect(reserve({ root: root.dir, services })).rejects.toMatchObject({
      code: 'PORTS_TAKEN',
      message: expect.stringMatching(/too long .*107 bytes[^]*services\.api\.path/) as string,
    })
  })

  test('a live server at the default path: the next name', async () => {
    using root = tempRoot()
    const services = { api: { protocol: 'unix' } } as const
    const held = await reserve({ root: root.dir, services })
    const usual = held.services.api?.path ?? ''
    const server = createNetServer()
    held.services.api?.adoptInto(server)
    // Without its lease it is anybody's.
    await held.release()
    await using second = await reserve({ root: root.dir, services })
    expect(second.services.api?.path).toBe(usual.replace(/\.sock$/, '-2.sock'))
    expect(second.services.api?.attempts[0]).toMatchObject({ path: usual, rejected: 'in-use' })
    await end(server)
  })

  test('a process that calls exit leaves no file', async () => {
    using root = tempRoot()
    await using child = reserving(root.dir, 'process.exit(0)')
    const [, path = ''] = await child.sees(/got (\S+) \./)
    expect((await child.ended).code).toBe(0)
    expect(existsSync(path)).toBe(false)
  })

  test('ten processes at once on one service: all different; killed, the first name is there again', async () => {
    using root = tempRoot()
    let first: string[] = []
    for (let round = 0; round < 2; round++) {
      const children = Array.from({ length: 10 }, () => reserving(root.dir))
      try {
        const seen = await Promise.all(children.map((child) => child.sees(/got (\S+) \./, 60_000)))
        const paths = seen.map((match) => match[1] ?? '').toSorted()
        expect(new Set(paths).size).toBe(10)
        if (round === 0) first = paths
        expect(paths).toEqual(first)
      } finally {
        await Promise.all(children.map((child) => child.end('SIGKILL')))
      }
      expect(first.every((path) => existsSync(path))).toBe(true)
    }
  }, 150_000)
})

import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer, request } from 'node:http'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Hold } from '../../src/net/hold.ts'
import { makePrivateDirectory, socketDirectory } from '../../src/net/socket-directory.ts'
import {
  isSocketAlive,
  maxPathBytes,
  pathState,
  removeSocket,
  socketIdentity,
} from '../../src/net/socket-path.ts'
import { startNode } from '../_utils/children.ts'
import { tempRoot } from '../_utils/temp.ts'

const onUnix = test.skipIf(process.platform === 'win32')

function get(socketPath: string, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve)
    })
      .on('error', reject)
      .end()
  })
}

function answering(text: string): Server {
  return createHttpServer((asked, response) => void response.end(`${text} ${asked.url}`))
}

async function end(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

onUnix('a held path is handed to an http server and back without a gap', async () => {
  using root = tempRoot()
  const path = join(root.dir, 'api.sock')
  const hold = new Hold({ path })
  expect(hold.bind(0, undefined).ok).toBe(true)
  expect(pathState(path)).toBe('socket')
  const early = get(path, '/early')
  await expect.poll(() => hold.waiting).toBe(1)

  const first = answering('first')
  hold.adoptInto(first)
  expect(first.listening).toBe(true)
  expect(first.address()).toBe(path)
  expect(await early).toBe('first /early')
  expect(await get(path)).toBe('first /')

  const again = Hold.takeFrom(first, { path })
  await end(first)
  const between = get(path, '/between')
  const second = answering('second')
  again?.adoptInto(second)
  expect(await between).toBe('second /between')
  await end(second)
  expect(existsSync(path)).toBe(false)
})

onUnix(
  'a path is bound once, a file in its place never, and a missing directory is said',
  async () => {
    using root = tempRoot()
    const path = join(root.dir, 'api.sock')
    const reason = (at: string): Promise<string> | undefined =>
      (new Hold({ path: at }).bind(0, undefined) as { reason?: Promise<string> }).reason
    const hold = new Hold({ path })
    hold.bind(0, undefined)
    expect(await reason(path)).toBe('in-use')
    hold.close()
    await expect.poll(() => existsSync(path)).toBe(false)
    root.write({ 'api.sock': 'mine' })
    expect(await reason(path)).toBe('in-use')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(await reason(join(root.dir, 'none/api.sock'))).toBe('denied')
  },
)

onUnix('only a socket that nobody has any more is dead', async () => {
  using root = tempRoot()
  const path = join(root.dir, 'api.sock')
  await using child = startNode([
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ])
  await child.sees(/up/)
  expect(await isSocketAlive(path)).toBe(true)
  await child.end('SIGKILL')
  expect(pathState(path)).toBe('socket')
  expect(await isSocketAlive(path)).toBe(false)

  const dead = socketIdentity(path) ?? ''
  removeSocket(path, 'another one')
  expect(existsSync(path)).toBe(true)
  removeSocket(path, dead)
  expect(existsSync(path)).toBe(false)
  removeSocket(path, dead)
  expect(await isSocketAlive(path)).toBe(false)
})

onUnix('what is at a path: nothing, a file, a directory, a link', () => {
  using root = tempRoot()
  const at = (name: string): string => join(root.dir, name)
  expect(pathState(at('x'))).toBe('free')
  writeFileSync(at('file'), '')
  mkdirSync(at('dir'))
  symlinkSync('nowhere', at('link'))
  expect(['file', 'dir', 'link'].map((name) => pathState(at(name)))).toEqual(Array(3).fill('other'))
  expect(socketIdentity(at('file'))).toBeUndefined()
  // A pipe's name is no file.
  expect(pathState(at('file'), 'win32')).toBe('free')
})

test('the longest path that the system says is bound, and really there', async () => {
  using root = tempRoot()
  const length = maxPathBytes(process.platform) - Buffer.byteLength(root.dir) - 1
  const path =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\ports-${process.pid}`
      : join(root.dir, 'x'.repeat(length))
  const server = createServer()
  const hold = new Hold({ path })
  expect(hold.bind(0, undefined).ok).toBe(true)
  hold.adoptInto(server)
  if (process.platform !== 'win32') expect(pathState(path)).toBe('socket')
  await end(server)
})

onUnix("the directory: the runtime directory's, else the temporary one's; ours alone", () => {
  using root = tempRoot()
  const runtime = join(root.dir, 'run')
  const choose = (nameBytes = 30, temporary = root.dir): string =>
    socketDirectory(runtime, process.platform, nameBytes, temporary)
  const name = `ports-${process.getuid?.()}`
  expect(choose()).toBe(join(root.dir, name))
  // Too deep for a socket path.
  expect(choose(30, `/${'t'.repeat(80)}`)).toBe(join('/tmp', name))
  mkdirSync(runtime)
  const directory = choose()
  expect(directory).toBe(join(runtime, 'unplugin-ports'))
  expect(choose(90)).toBe(join('/tmp', name))

  expect(makePrivateDirectory(directory)).toBe(true)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  chmodSync(directory, 0o755)
  expect(makePrivateDirectory(directory)).toBe(true)
  expect(statSync(directory).mode & 0o777).toBe(0o700)

  writeFileSync(join(runtime, 'file'), '')
  symlinkSync(directory, join(runtime, 'link'))
  expect(makePrivateDirectory(join(runtime, 'file'))).toBe(false)
  expect(makePrivateDirectory(join(runtime, 'link'))).toBe(false)
})

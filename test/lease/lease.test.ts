import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { MAX_ANSWER_BYTES, type LeaseAnswer, parseAnswer } from '../../src/lease/answer.ts'
import { askLease } from '../../src/lease/ask.ts'
import { Lease } from '../../src/lease/lease.ts'
import { leaseName } from '../../src/lease/names.ts'
import { startNode } from '../_utils/children.ts'
import { freePort } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const answerFor = (port: number, more: Partial<LeaseAnswer> = {}): LeaseAnswer => ({
  v: 1,
  port,
  service: 'api',
  state: 'leased',
  root: '/work/shop',
  checkout: '/work/shop',
  branch: 'main',
  pid: process.pid,
  command: 'vite',
  since: '2026-01-01T00:00:00.000Z',
  ...more,
})

const nameOf = (port: number) => leaseName(port, process.platform, '/tmp/ports-test-leases')

test('one process has a name, and it tells who', async () => {
  const port = await freePort()
  const lease = Lease.claim(nameOf(port), () => answerFor(port))
  expect(lease).toBeDefined()
  expect(Lease.claim(nameOf(port), () => answerFor(port))).toBeUndefined()
  expect(await askLease(port, nameOf(port))).toEqual(answerFor(port))
  lease?.end()
  lease?.end()
  expect(await askLease(port, nameOf(port))).toBeUndefined()
  const again = Lease.claim(nameOf(port), () => answerFor(port))
  expect(again).toBeDefined()
  again?.end()
})

test('the answer is the present state, and many may ask at once', async () => {
  const port = await freePort()
  let state: LeaseAnswer['state'] = 'leased'
  const lease = Lease.claim(nameOf(port), () => answerFor(port, { state }))
  expect((await askLease(port, nameOf(port)))?.state).toBe('leased')
  state = 'held'
  const answers = await Promise.all(Array.from({ length: 40 }, () => askLease(port, nameOf(port))))
  expect(answers.every((answer) => answer?.state === 'held')).toBe(true)
  lease?.end()
})

test('a lease dies with its process, however that ends', async () => {
  const port = await freePort()
  const name = nameOf(port).path
  await using child = startNode([
    '--input-type=module',
    '-e',
    `import net from 'node:net'
     const name = ${JSON.stringify(name)}
     net.createServer(s => s.end(${JSON.stringify(`${JSON.stringify(answerFor(port, { pid: 4242 }))}\n`)})).listen(name, () => console.log('leased'))`,
  ])
  await child.sees(/leased/)
  expect((await askLease(port, nameOf(port)))?.pid).toBe(4242)
  expect(Lease.claim(nameOf(port), () => answerFor(port))).toBeUndefined()
  await child.end('SIGKILL')
  const lease = await until(() => Lease.claim(nameOf(port), () => answerFor(port)))
  lease.end()
})

test('a stranger on the name who is silent, endless, binary or lying is survived', async () => {
  const lies: [string, (write: (data: string | Buffer) => void) => void][] = [
    ['silent', () => {}],
    ['not JSON', (write) => write('hello\n')],
    ['binary', (write) => write(Buffer.from([0, 255, 254, 10]))],
    ['endless', (write) => write('x'.repeat(MAX_ANSWER_BYTES + 10))],
    ['another port', (write) => write(`${JSON.stringify(answerFor(1))}\n`)],
    ['an array', (write) => write('[]\n')],
  ]
  for (const [what, say] of lies) {
    const port = await freePort()
    const stranger = createServer((socket) => {
      socket.on('error', () => {})
      say((data) => socket.write(data))
    })
    stranger.listen(nameOf(port).path)
    await once(stranger, 'listening')
    const before = performance.now()
    expect(await askLease(port, nameOf(port), 200), what).toBeUndefined()
    expect(performance.now() - before, what).toBeLessThan(5000)
    stranger.close()
  }
})

test('every field of an answer is checked and can steer no terminal', () => {
  const good = answerFor(3000)
  expect(parseAnswer(JSON.stringify(good), 3000)).toEqual(good)
  const wrong: Record<string, unknown>[] = [
    { v: 2 },
    { port: '3000' },
    { pid: -1 },
    { pid: 1.5 },
    { state: 'mine' },
    { service: '' },
    { root: undefined },
    { checkout: 7 },
    { since: null },
    { command: 'x'.repeat(5000) },
  ]
  for (const field of wrong) {
    expect(parseAnswer(JSON.stringify({ ...good, ...field }), 3000), JSON.stringify(field)).toBe(
      undefined,
    )
  }
  const escape = parseAnswer(JSON.stringify({ ...good, command: '\u001b[2Jvite\n' }), 3000)
  expect(escape?.command).toBe('[2Jvite')
})

test('names: padded on Linux, a pipe on Windows, a file elsewhere that fits its limit', () => {
  const linux = leaseName(5173, 'linux', '/state')
  expect(linux.path.startsWith('\0unplugin-ports:5173.')).toBe(true)
  expect(linux.path).toHaveLength(108)
  expect(linux.path.lastIndexOf('\0')).toBe(0)
  expect(linux.lock).toBeUndefined()
  expect(leaseName(5173, 'win32', 'C:\\state')).toEqual({
    path: '\\\\.\\pipe\\unplugin-ports-5173',
  })
  const mac = leaseName(5173, 'darwin', '/Users/me/state')
  expect(mac.path).toBe('/Users/me/state/leases/5173.sock')
  expect(mac.lock).toBe('/Users/me/state/leases/5173.lock')
  const long = leaseName(5173, 'darwin', `/Users/${'x'.repeat(100)}`)
  expect(Buffer.byteLength(long.path)).toBeLessThan(104)
})

test('where names are files, one left by a crash is no lease', async () => {
  using temp = tempRoot()
  const port = await freePort()
  const name = leaseName(port, 'darwin', temp.dir)
  // What a killed owner leaves behind: a socket file that nobody listens on.
  await using child = startNode([
    '--input-type=module',
    '-e',
    `import net from 'node:net'; import fs from 'node:fs'
     fs.mkdirSync(${JSON.stringify(`${temp.dir}/leases`)}, { recursive: true })
     net.createServer().listen(${JSON.stringify(name.path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ])
  await child.end('SIGKILL')
  const lease = Lease.claim(name, () => answerFor(port))
  expect(lease).toBeDefined()
  expect((await askLease(port, name))?.service).toBe('api')
  lease?.end()
})

test('without a writable state directory leases are done without', async () => {
  using temp = tempRoot()
  temp.write({ 'state/leases': 'a file where the directory should be' })
  const name = leaseName(4000, 'darwin', `${temp.dir}/state`)
  const lease = Lease.claim(name, () => answerFor(4000))
  expect(lease).toBeDefined()
  lease?.end()
})

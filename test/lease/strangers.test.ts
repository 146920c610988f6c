import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { type LeaseAnswer, MAX_ANSWER_BYTES, parseAnswer } from '../../src/lease/answer.ts'
import { askLease } from '../../src/lease/ask.ts'
import { giveOrder } from '../../src/lease/give-order.ts'
import { Lease } from '../../src/lease/lease.ts'
import { leaseName } from '../../src/lease/names.ts'
import { challengeIn, MAX_ORDER_LENGTH, parseReply, proofOf } from '../../src/lease/order.ts'
import { obeyOrder } from '../../src/reservation/orders.ts'
import { freePort } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

const stateDir = '/tmp/ports-test-leases'
const nameOf = (port: number) => leaseName(port, process.platform, stateDir)
const TOKEN = 'the-token-of-the-owner-and-nobody'

const answerFor = (port: number, more: object = {}): LeaseAnswer => ({
  v: 1,
  port,
  service: 'api',
  state: 'leased',
  root: '/work/shop',
  checkout: '/work/shop',
  pid: process.pid,
  command: 'vite',
  since: '2026-01-01T00:00:00.000Z',
  ...more,
})

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

/** Listens at a lease's name in the owner's place. */
async function stranger(port: number, visit: (socket: Socket) => void): Promise<string[]> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => heard.push(text))
    visit(socket)
  })
  server.listen(nameOf(port).path)
  await once(server, 'listening')
  opened.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return heard
}

/** The lease of a process that takes orders. */
function owner(port: number): Lease {
  const obey = (line: string, challenge: string) =>
    obeyOrder(line, challenge, { token: TOKEN }, '/no/such/root', port)
  const lease = Lease.claim(nameOf(port), () => answerFor(port), obey)
  if (!lease) throw new Error('the name is taken')
  opened.push(() => lease.end())
  return lease
}

function visitor(port: number): { socket: Socket; text: () => string; closed: () => boolean } {
  const socket = connect(nameOf(port).path)
  let text = ''
  let closed = false
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => {})
  socket.on('close', () => (closed = true))
  opened.push(() => socket.destroy())
  return { socket, text: () => text, closed: () => closed }
}

describe('a stranger in the place of an owner', () => {
  const drip = (socket: Socket): void => {
    const timer = setInterval(() => socket.write(' '), 5)
    socket.on('close', () => clearInterval(timer))
  }
  const flood = (socket: Socket): void => {
    const more = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(16_384)));
    }
    socket.on('drain', more)
    more()
  }
  const ways: [string, (socket: Socket, port: number) => void][] = [
    ['is silent', () => {}],
    ['hangs up', (socket) => socket.destroy()],
    ['says nothing and ends', (socket) => socket.end()],
    ['drips', drip],
    ['never ends', flood],
    ['sends bytes', (socket) => socket.write(Buffer.from([0xff, 0xfe, 0, 10]))],
    ['sends a level for each byte', (socket) => socket.write(`${'['.repeat(16_000)}\n`)],
    [
      'has wrong types',
      (s, port) => s.write(`${JSON.stringify(answerFor(port, { pid: '1', root: [] }))}\n`),
    ],
    ['means another', (socket, port) => socket.write(`${JSON.stringify(answerFor(port + 1))}\n`)],
  ]
  test.each(ways)('who %s is nobody', async (_, visit) => {
    const port = await freePort()
    await stranger(port, (socket) => visit(socket, port))
    expect(await askLease(port, nameOf(port), 300)).toBeUndefined()
    expect(
      await giveOrder(port, nameOf(port), 'stop', { pid: process.pid, token: TOKEN }),
    ).toBeUndefined()
  })

  test("who says the owner's pid and root is not told the token", async () => {
    const port = await freePort()
    const challenge = 'a-challenge-of-a-stranger'
    const heard = await stranger(port, (socket) => {
      socket.write(`${JSON.stringify({ ...answerFor(port), challenge })}\n`)
      socket.once('data', () => socket.write('{"v":1,"ok":true}\n'))
    })
    await giveOrder(port, nameOf(port), 'stop', { pid: process.pid, token: TOKEN })
    expect(heard.join('')).toContain('"order":"stop"')
    expect(heard.join('')).not.toContain(TOKEN)
  })

  test('what it hears from others is of no use with the owner', async () => {
    const [port, other] = [await freePort(), await freePort()]
    owner(port)
    const real = visitor(port)
    const challenge = await until(() => challengeIn(real.text()))
    // It passes the owner's challenge on, as its own for another port, and the order back.
    const heard = await stranger(other, (socket) =>
      socket.write(`${JSON.stringify({ ...answerFor(other), challenge })}\n`),
    )
    void giveOrder(other, nameOf(other), 'release', { pid: process.pid, token: TOKEN })
    await until(() => heard.join('').includes('\n'))
    real.socket.write(heard.join(''))
    await until(() => real.closed())
    expect(parseReply(real.text().split('\n')[1] ?? '')).toEqual({
      v: 1,
      ok: false,
      refusal: 'token',
    })
  })

  test('an answer without a challenge gets no order', async () => {
    const port = await freePort()
    const heard = await stranger(port, (socket) =>
      socket.write(`${JSON.stringify(answerFor(port))}\n`),
    )
    expect(
      await giveOrder(port, nameOf(port), 'stop', { pid: process.pid, token: TOKEN }),
    ).toBeUndefined()
    expect(heard).toEqual([])
  })

  test('property: an answer of any shape is one that can be shown, or none', () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.constantFrom(null, [], {}, true, 1e308))
    const keys = Object.keys(answerFor(3000, { branch: 'b', serving: true, runs: true }))
    const answer = fc
      .dictionary(fc.constantFrom(...keys, '__proto__', 'toString'), field)
      .map((fields) => JSON.stringify({ ...answerFor(3000), ...fields }))
    fc.assert(
      fc.property(fc.oneof(answer, fc.string(), fc.json()), (line) => {
        const found = parseAnswer(line, 3000)
        if (!found) return
        expect(found.port).toBe(3000)
        expect(found.pid).toBeGreaterThan(0)
        for (const text of [found.service, found.root, found.checkout, found.command]) {
          expect(text).toMatch(/^\P{Cc}{0,4096}$/u)
        }
      }),
    )
  })
})

describe('a stranger who visits', () => {
  test.each([
    ['binary', Buffer.from([0, 255, 10, 0, 10])],
    ['huge', Buffer.alloc(5 * 1024 * 1024, 'x')],
    ['levels', Buffer.from(`${'['.repeat(1000)}\n`)],
    ['a line that is too long', Buffer.from(`${'x'.repeat(MAX_ORDER_LENGTH + 1)}\n`)],
    ['many lines', Buffer.from('{}\n'.repeat(1000))],
  ])('and says %s is let go, and the next is answered', async (_, data) => {
    const port = await freePort()
    owner(port)
    const guest = visitor(port)
    guest.socket.write(data)
    await until(() => guest.closed())
    expect(guest.text().length).toBeLessThan(MAX_ANSWER_BYTES)
    expect((await askLease(port, nameOf(port)))?.service).toBe('api')
  })

  test('and drips is shown out, whatever comes', async () => {
    const port = await freePort()
    owner(port)
    const guest = visitor(port)
    const timer = setInterval(() => guest.socket.write(' '), 50)
    opened.push(() => clearInterval(timer))
    await until(() => guest.closed(), 30_000)
    expect(parseAnswer(guest.text().split('\n')[0] ?? '', port)?.service).toBe('api')
  })

  test('and has heard an order before can give no other', async () => {
    const port = await freePort()
    owner(port)
    const first = visitor(port)
    const challenge = (await until(() => challengeIn(first.text()))) ?? ''
    const order = `${JSON.stringify({ v: 1, order: 'explain', proof: proofOf(TOKEN, challenge, port, 'explain') })}\n`
    first.socket.write(order)
    await until(() => first.closed())
    expect(parseReply(first.text().split('\n')[1] ?? '')).toMatchObject({ ok: true })
    const again = visitor(port)
    again.socket.write(order)
    const other = visitor(port)
    other.socket.write(order.replace('explain', 'release'))
    await until(() => again.closed() && other.closed())
    for (const one of [again, other]) {
      expect(parseReply(one.text().split('\n')[1] ?? '')).toMatchObject({ refusal: 'token' })
    }
  })
})

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { get } from '../_utils/http.ts'
import { hold, rivalOf } from '../_utils/held-program.ts'
import { accepts, freePort, hasIPv6, isFree, occupy } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

const node = process.execPath

/** A server program; `listen` are the arguments, with `PORT` in reach. */
function program(listen: string, more = ''): string[] {
  const source = `
    import { createServer } from 'node:http'
    const PORT = Number(process.env.PORT)
    const answer = (request, response) => response.setHeader('connection', 'close').end(String(process.pid))
    const server = createServer(answer)
    server.on('error', (error) => console.log('error ' + error.code))
    server.on('listening', () => console.log('up ' + JSON.stringify(server.address())))
    server.listen(${listen})
    ${more}`
  return ['--input-type=module', '-e', source]
}

const WIDER = hasIPv6 ? '::' : '0.0.0.0'
const LISTENS: [listen: string, held: string | true, gets: string][] = [
  ['PORT', '127.0.0.1', WIDER],
  ['PORT, "0.0.0.0"', '127.0.0.1', '0.0.0.0'],
  ['{ port: PORT, host: "0.0.0.0" }', true, '0.0.0.0'],
  ['{ port: String(PORT), host: "127.0.0.1" }', true, '127.0.0.1'],
  ['PORT, "localhost"', true, '127.0.0.1'],
  ['PORT, "127.0.0.2"', '127.0.0.1', '127.0.0.2'],
  ...(hasIPv6 ? ([['PORT, "::1"', '127.0.0.1', '::1']] as [string, string, string][]) : []),
]
test.for(LISTENS)(
  'listen(%s), with the port held on %s, listens on %s',
  async ([listen, host, gets]) => {
    await using held = await hold(host)
    const child = held.start(node, program(listen))
    const [, address] = await child.sees(/up (.*)/)
    expect(JSON.parse(address ?? '')).toMatchObject({ address: gets, port: held.port })
    const hostname = gets.includes(':') ? '[::1]' : gets.replace('0.0.0.0', '127.0.0.1')
    expect((await get(`http://${hostname}:${held.port}`)).text).toBe(String(child.pid))
    expect(held.events).toEqual(['serving passed'])
    expect(held.reservation.bound.address ?? WIDER).toBe(gets)
  },
)

test('when the address changes, a rival gets the port or the server does, and it is said which', async () => {
  for (let round = 0; round < 3; round++) {
    await using held = await hold()
    await using rival = await rivalOf(held.port)
    const child = held.start(node, program('PORT'))
    const [, outcome] = await child.sees(/(up|error EADDRINUSE)/)
    await until(() => held.events.length > 0)
    expect(held.events).toEqual([outcome === 'up' ? 'serving passed' : 'lost'])
    expect(/won/.test(rival.output())).toBe(outcome !== 'up')
  }
})

test('other ports, paths and port 0 are not touched', async () => {
  await using held = await hold()
  const other = await freePort()
  const more = `
    createServer(answer).listen(${other}, '127.0.0.1', () => console.log('other'))
    createServer(answer).listen('\\0ports-test-' + PORT, () => console.log('path'))
    createServer(answer).listen({ port: 0, host: '127.0.0.1' }, () => console.log('any'))`
  const child = held.start(node, program('PORT, "127.0.0.1"', more))
  for (const word of [/up/, /other/, /path/, /any/]) await child.sees(word)
  expect(await accepts(other, '127.0.0.1')).toBe(true)
  expect(held.events).toEqual(['serving passed'])
})

test('a second server on the same address gets the error that it would get without us', async () => {
  await using held = await hold()
  const second = `const again = createServer(answer)
    again.on('error', (error) => console.log('second ' + error.code))
    server.on('listening', () => again.listen(PORT, '127.0.0.1'))`
  const child = held.start(node, program('PORT, "127.0.0.1"', second))
  await child.sees(/second EADDRINUSE/)
  expect((await get(`http://127.0.0.1:${held.port}`)).text).toBe(String(child.pid))
})

test.runIf(hasIPv6)('one server on each loopback address', async () => {
  await using held = await hold()
  const second = `server.on('listening', () => createServer(answer).listen(PORT, '::1', () => console.log('both')))`
  const child = held.start(node, program('PORT, "127.0.0.1"', second))
  await child.sees(/both/)
  expect((await get(`http://[::1]:${held.port}`)).text).toBe(String(child.pid))
  expect((await get(`http://127.0.0.1:${held.port}`)).text).toBe(String(child.pid))
})

test('closing and listening again, and closing before it listens', async () => {
  await using held = await hold()
  const more = `
    let times = 0
    server.on('listening', () => { if (times++ < 3) server.close(() => server.listen(PORT, '127.0.0.1')) })
    server.on('close', () => console.log('closed ' + times))
    server.close()
    server.listen({ port: PORT, host: '127.0.0.1' })`
  const child = held.start(node, program('PORT, "127.0.0.1"', more))
  await child.sees(/closed 3\nup/)
  expect((await get(`http://127.0.0.1:${held.port}`)).text).toBe(String(child.pid))
})

test('a server that is aborted by its signal, and one that does not keep its process alive', async () => {
  await using held = await hold()
  const source = `
    import { createServer } from 'node:http'
    const port = Number(process.env.PORT)
    const stop = new AbortController()
    const server = createServer()
    server.listen({ port, host: '127.0.0.1', signal: stop.signal }, () => stop.abort())
    server.on('close', () => {
      console.log('aborted')
      createServer().listen(port, '127.0.0.1').unref()
    })`
  const child = held.start(node, ['--input-type=module', '-e', source])
  expect(await child.ended).toMatchObject({ code: 0 })
  expect(child.output()).toContain('aborted')
})

test('requests wait while there is no server, and get to the next one', async () => {
  await using held = await hold()
  const first = held.start(node, program('PORT, "127.0.0.1"'))
  await first.sees(/up/)
  await first.end()
  const waiting = get(`http://127.0.0.1:${held.port}`)
  expect(await isFree(held.port)).toBe(false)
  const second = held.start(node, program('PORT, "127.0.0.1"'))
  expect((await waiting).text).toBe(String(second.pid))
  expect(held.events).toEqual(['serving passed', 'idle', 'serving passed'])
})

test('where sockets are not passed on, the port is let go, confirmed, and held again', async () => {
  await using held = await hold('127.0.0.1', false)
  // It connects while we accept, and goes on to the server later.
  const early = connect(held.port, '127.0.0.1')
  await once(early, 'connect')
  const child = held.start(node, program('PORT, "127.0.0.1"'))
  expect(await answerOf(early)).toContain(String(child.pid))
  expect(held.events).toEqual(['serving bound'])
  expect(held.reservation.state).toBe('serving')
  await child.end()
  await until(() => held.reservation.state === 'held')
  expect(await isFree(held.port)).toBe(false)
  const next = held.start(node, program('PORT, "127.0.0.1"'))
  await next.sees(/up/)
  await until(() => held.events.length === 3)
})

test('a bind of its own that fails is reported', async () => {
  await using held = await hold('127.0.0.1', false)
  await using _other = await occupy('127.0.0.2', held.port)
  const child = held.start(node, program('PORT'))
  await child.sees(/error EADDRINUSE/)
  await until(() => held.events.length > 0)
  expect(held.events).toEqual(['lost'])
})

async function answerOf(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string
  return text
}

import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { EventHub } from '../../src/status/event-hub.ts'
import type { StatusReport } from '../../src/status/report.ts'
import { until } from '../_utils/until.ts'

const PAGES = 50

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

/** A hub behind a real server, over a report that `fact` is part of. */
async function start(size = 0) {
  let fact = 0
  let looks = 0
  let changed = (): void => {}
  let watching = 0
  const hub = new EventHub({
    async report() {
      looks++
      const identity = {
        v: 1,
        service: 'dev',
        port: fact,
        project: 'p',
        lease: 'l',
        label: 'shop',
      } as const
      const events = [{ id: 1, at: 1, kind: 'moved', text: 'x'.repeat(size) }] as const
      return { v: 1, at: Date.now(), reader: 'local', identity, ...NOTHING, events }
    },
    watch(tell) {
      watching++
      changed = tell
      return () => watching--
    },
  })
  server = createServer((_, response) => hub.add(response, 'local'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    hub,
    looks: () => looks,
    watching: () => watching,
    change() {
      fact++
      changed()
      return fact
    },
    async open() {
      const request = get({ port, host: '127.0.0.1', agent: false })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.on('error', () => {})
      return { response, close: () => request.destroy() }
    },
  }
}

const NOTHING = { services: [], checkouts: [], pools: [] } satisfies Partial<StatusReport>

/** Reads a stream; keeps only what came last. */
function reader(response: IncomingMessage) {
  const seen = { port: -1, ended: false, bytes: 0 }
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    seen.bytes += chunk.length
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const message = text.slice(0, end)
      text = text.slice(end + 2)
      const data = /^event: status\ndata: (.*)$/.exec(message)?.[1]
      if (data) seen.port = (JSON.parse(data) as StatusReport).identity.port
      if (message.startsWith('event: end')) seen.ended = true
    }
  })
  return seen
}

test('fifty pages are told of every change by one look, and nothing is looked at for nobody', async () => {
  const it = await start()
  expect(it.looks()).toBe(0)
  const pages = await Promise.all(Array.from({ length: PAGES }, () => it.open()))
  const seen = pages.map(({ response }) => reader(response))
  await until(() => seen.every(({ port }) => port === 0))
  expect(it.hub.size).toBe(PAGES)
  expect(it.watching()).toBe(1)
  const before = it.looks()
  const now = it.change()
  await until(() => seen.every(({ port }) => port === now))
  // The pulse may have come in between, which is one look more, not one for each page.
  expect(it.looks() - before).toBeLessThan(10)
  for (const page of pages) page.close()
  await until(() => it.hub.size === 0)
  expect(it.watching()).toBe(0)
  const after = it.looks()
  it.change()
  await new Promise((resolve) => setImmediate(resolve))
  expect(it.looks()).toBe(after)
})

test('pages that do not read pile nothing up', async () => {
  const size = 100_000
  const it = await start(size)
  const pages = await Promise.all(Array.from({ length: PAGES }, () => it.open()))
  // One that reads shows when a change has been sent.
  const live = await it.open()
  const seen = reader(live.response)
  for (const { response } of pages) response.pause()
  await until(() => seen.port === 0)
  const memory: number[] = []
  for (let round = 0; round < 120; round++) {
    const now = it.change()
    await until(() => seen.port === now)
    if (round % 40 === 39) memory.push(process.memoryUsage().rss)
  }
  expect(seen.bytes).toBeGreaterThan(100 * size)
  // Unread, the fifty would have had sixty times ten megabytes sent to them.
  const [first = 0, , last = 0] = memory
  expect((last - first) / 1e6).toBeLessThan(120)
  const [slow] = pages
  const late = reader(slow?.response as IncomingMessage)
  slow?.response.resume()
  await until(() => late.port === seen.port)
  for (const page of [...pages, live]) page.close()
  await until(() => it.hub.size === 0)
})

test('the end is told', async () => {
  const it = await start()
  const { response } = await it.open()
  const seen = reader(response)
  await until(() => seen.port === 0)
  it.hub.end()
  await once(response, 'end')
  expect(seen.ended).toBe(true)
  expect(it.hub.size).toBe(0)
})

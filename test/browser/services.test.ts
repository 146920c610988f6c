import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { freePort } from '../_utils/sockets.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { createApp } from './_app.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

describe.each(VITES)('%s', (vite) => {
  test('requests and WebSockets of the page reach an API server that came later', async () => {
    const preferred = await freePort()
    using app = createApp(vite, `{ services: { api: { preferred: ${preferred}, proxy: '/api' } } }`)
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    const before = await fetch(`http://localhost:${port}/api/hello`)
    expect(before.status).toBe(502)

    const { API_PORT } = app.env()
    expect(API_PORT).toBe(String(preferred))
    await using api = await startApi(Number(API_PORT))
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()
    const reply = await tab.page.evaluate(async () => (await fetch('/api/hello')).text())
    expect(reply).toBe('GET /api/hello')
    const echo = await tab.page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(`ws://${location.host}/api/echo`)
          socket.addEventListener('open', () => socket.send('ping'))
          socket.addEventListener('message', (event) => resolve(event.data))
          socket.addEventListener('error', () => reject(new Error('no WebSocket')))
        }),
    )
    expect(echo).toBe('echo ping')
    expect(api.requests).toEqual(['GET /api/hello'])
    expect(tab.errors).toEqual([])
  })

  test('~ports tells the page every address', async () => {
    const preferred = await freePort()
    const options = `{ services: { api: ${preferred}, hmr: { separate: true } } }`
    using app = createApp(vite, options)
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()

    const services: unknown = JSON.parse((await tab.page.locator('#services').textContent()) ?? '')
    const hmr = Number(app.env().VITE_HMR_PORT)
    expect(services).toEqual({
      dev: { port, url: `http://localhost:${port}` },
      hmr: { port: hmr, url: `ws://localhost:${hmr}` },
      api: { port: preferred, url: `http://localhost:${preferred}` },
    })
    expect(tab.errors).toEqual([])
  })
})

interface Api extends AsyncDisposable {
  readonly requests: readonly string[]
}

async function startApi(port: number): Promise<Api> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    requests.push(line)
    response.end(line)
  })
  const sockets = new WebSocketServer({ server, path: '/api/echo' })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`))
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return {
    requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

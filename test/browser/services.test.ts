import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { startNode } from '../_utils/children.ts'
import { repo } from '../_utils/temp.ts'
import { freePort } from '../_utils/sockets.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { createApp } from './_app.ts'

const apiProgram = join(repo, 'test/fixtures/programs/api.mjs')

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
    await using api = startNode([apiProgram, 'mine'], { cwd: app.dir, env: { API_LOG: '1' } })
    await api.sees(new RegExp(`api on ${preferred}`))
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()
    const reply = await tab.page.evaluate(async () => (await fetch('/api/hello')).text())
    expect(JSON.parse(reply)).toMatchObject({ name: 'mine', url: '/api/hello' })
    const echo = await tab.page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(`ws://${location.host}/api/echo`)
          socket.addEventListener('open', () => socket.send('ping'))
          socket.addEventListener('message', (event) => resolve(event.data))
          socket.addEventListener('error', () => reject(new Error('no WebSocket')))
        }),
    )
    expect(echo).toBe('mine: ping')
    expect(api.output()).toBe(`api on ${preferred}\nasked for /api/hello\n`)
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

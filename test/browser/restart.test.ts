import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { createApp, expectUpdate, socketPorts } from './_app.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

describe.each(VITES)('%s', (vite) => {
  test.each([
    ['the shared port', '{}'],
    ['a port of its own', '{ services: { hmr: { separate: true } } }'],
  ])('the page finds the restarted server on the same port, HMR over %s', async (_, options) => {
    using app = createApp(vite, options)
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()
    await tab.shows('stage', 'one')
    const before = app.env()

    for (const [index, stage] of ['two', 'three'].entries()) {
      app.configure(stage)
      await tab.shows('stage', stage)
      await tab.connected(index + 2)
      await expectUpdate(tab, app, index === 0 ? 'first' : 'text two', `text ${stage}`)
    }

    expect(new URL(tab.page.url()).port).toBe(String(port))
    expect(app.env()).toEqual(before)
    expect(new Set(socketPorts(tab))).toEqual(new Set([before.VITE_HMR_PORT]))
    expect(server.output()).not.toMatch(/in use/)
  })
})

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { repo } from '../_utils/temp.ts'
import { localPort, VITES } from '../_utils/vite.ts'
import { type App, createApp, expectUpdate, shownTexts, socketPorts } from './_app.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

function startServer(app: App): Child {
  cpSync(join(repo, 'test/fixtures/middleware/server.mjs'), join(app.dir, 'server.mjs'))
  return startNode(['server.mjs'], { cwd: app.dir })
}

describe.each(VITES)('%s', (vite) => {
  test('two servers in middleware mode have an HMR port each and keep their pages apart', async () => {
    using one = createApp(vite)
    using two = createApp(vite)
    await using serverOne = startServer(one)
    await using serverTwo = startServer(two)
    const ports = [await localPort(serverOne), await localPort(serverTwo)]
    await using tabOne = await openTab(browser, `http://localhost:${ports[0]}/`)
    await using tabTwo = await openTab(browser, `http://localhost:${ports[1]}/`)
    await tabOne.connected()
    await tabTwo.connected()

    await expectUpdate(tabOne, one, 'first', 'one')
    await expectUpdate(tabTwo, two, 'first', 'two')
    expect(await shownTexts(tabOne)).toEqual(['first', 'one'])
    expect(await shownTexts(tabTwo)).toEqual(['first', 'two'])

    const hmr = [one.env().VITE_HMR_PORT, two.env().VITE_HMR_PORT]
    expect(hmr[0]).not.toBe(hmr[1])
    expect([socketPorts(tabOne), socketPorts(tabTwo)]).toEqual([[hmr[0]], [hmr[1]]])
    for (const port of ports) expect(hmr).not.toContain(String(port))
    for (const server of [serverOne, serverTwo]) {
      expect(server.output()).not.toMatch(/already in use|EADDRINUSE/)
    }
    expect([...tabOne.errors, ...tabTwo.errors]).toEqual([])
  })
})

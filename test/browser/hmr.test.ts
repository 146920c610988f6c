import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { localPort, startVite, VITES } from '../_utils/vite.ts'
import { createApp, expectUpdate, socketPorts } from './_app.ts'

const SEPARATE = `{ services: { hmr: { separate: true } } }`
const HTTPS = `{ https: { key: 'key.pem', cert: 'cert.pem' } }`

let browser: Browser
let certificate: { key: string; cert: string }
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
  certificate = await selfSigned()
})
afterAll(() => browser.close())

describe.each(VITES)('%s', (vite) => {
  test('an edit reaches the page over the shared port', async () => {
    using app = createApp(vite)
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()
    await expectUpdate(tab, app, 'first', 'second')

    expect(socketPorts(tab)).toEqual([String(port)])
    expect(app.env()).toMatchObject({ DEV_PORT: String(port), VITE_HMR_PORT: String(port) })
    expect(tab.errors).toEqual([])
  })

  test('an edit reaches the page over a port of its own', async () => {
    using app = createApp(vite, SEPARATE)
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    await tab.connected()
    await expectUpdate(tab, app, 'first', 'second')

    const { VITE_HMR_PORT } = app.env()
    expect(VITE_HMR_PORT).not.toBe(String(port))
    expect(socketPorts(tab)).toEqual([VITE_HMR_PORT])
    expect(tab.errors).toEqual([])
  })

  test.each([
    ['the shared port', '{}'],
    ['a port of its own', SEPARATE],
  ])('with HTTPS an edit reaches the page over %s', async (_, options) => {
    using app = createApp(vite, options, HTTPS)
    app.write({ 'key.pem': certificate.key, 'cert.pem': certificate.cert })
    await using server = startVite(vite, app.dir)
    const port = await localPort(server)
    await using tab = await openTab(browser, `https://localhost:${port}/`)
    await tab.connected()
    await expectUpdate(tab, app, 'first', 'second')

    const { VITE_HMR_PORT } = app.env()
    expect(VITE_HMR_PORT === String(port)).toBe(options !== SEPARATE)
    const [socket = '', ...more] = tab.sockets
    expect(more).toEqual([])
    expect(new URL(socket)).toMatchObject({ protocol: 'wss:', port: VITE_HMR_PORT })
    expect(tab.errors).toEqual([])
  })
})

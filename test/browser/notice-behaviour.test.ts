import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { basename } from 'node:path'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { networkAddresses } from '../../src/net/network-addresses.ts'
import { projectId } from '../../src/status/identity.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freePort } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { type App, createApp } from './_app.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const [address] = networkAddresses({ host: undefined, address: undefined })

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

/** An app with a field that has the focus. */
function appWithField(server = '{}', options = '{}'): App {
  const app = createApp('vite', options, server)
  const page = readFileSync(join(app.dir, 'index.html'), 'utf8')
  const field = '<input id="field" autofocus aria-label="field">'
  app.write({ 'index.html': page.replace('<p id="text">', `${field}<p id="text">`) })
  return app
}

/** Makes the tab one of another project's, and loads its page again. */
async function comeFrom(page: Page, project: string): Promise<void> {
  await page.evaluate((value) => {
    sessionStorage.setItem(
      'unplugin-ports',
      JSON.stringify({ project: value, label: 'shop (main)' }),
    )
  }, project)
  await page.reload()
}

/** What axe-core finds. */
interface Found {
  readonly violations: readonly unknown[]
}

const focused = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.activeElement?.id)

test('the focus stays where it is, and Escape closes it for good', async () => {
  using app = appWithField()
  await using server = startVite('vite', app.dir)
  await using tab = await openTab(browser, `http://localhost:${await localPort(server)}/`)
  const { page } = tab
  await tab.connected()
  await comeFrom(page, 'ffffffffffffffff')
  const notice = page.locator('ports-notice')
  await notice.getByRole('status').getByText('This tab was shop (main)').waitFor()
  expect(await focused(page)).toBe('field')

  await notice.getByRole('button', { name: 'Dismiss' }).focus()
  await page.keyboard.press('Escape')
  expect(await notice.count()).toBe(0)
  expect(await focused(page)).toBe('field')
  const stored = await page.evaluate(() => sessionStorage.getItem('unplugin-ports'))
  expect(JSON.parse(stored ?? '')).toEqual({
    project: projectId(app.dir),
    label: basename(app.dir),
  })
  expect(tab.errors).toEqual([])
})

test.each(['light', 'dark'] as const)('it can be read by everybody (%s, phone)', async (theme) => {
  using app = appWithField()
  using other = appWithField()
  await using server = startVite('vite', app.dir)
  await using rival = startVite('vite', other.dir)
  const [port, theirs] = [await localPort(server), await localPort(rival)]
  await using tab = await openTab(browser, `http://localhost:${port}/a?b#c`)
  const { page } = tab
  await page.emulateMedia({ colorScheme: theme })
  await page.setViewportSize({ width: 360, height: 640 })
  await comeFrom(page, projectId(other.dir))
  const notice = page.locator('ports-notice')
  const link = notice.getByRole('link', { name: `Go to localhost:${theirs}` })
  await link.waitFor()
  await notice.getByText('which has moved').waitFor()
  await page.addStyleTag({ content: 'html { background: Canvas; color-scheme: light dark }' })
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    const { run } = (window as unknown as { axe: { run(at: string): Promise<Found> } }).axe
    return (await run('ports-notice')).violations
  })
  expect(violations).toEqual([])
  const box = await notice.locator('section').boundingBox()
  expect(box?.x).toBeGreaterThanOrEqual(0)
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360)
  if (process.env.PORTS_TEST_SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.PORTS_TEST_SCREENSHOTS, `notice-${theme}.png`) })
  }
  await link.click()
  await page.waitForURL(`http://localhost:${theirs}/a?b#c`)
  expect(await notice.count()).toBe(0)
})

test('a page that is not loaded again learns of it when the tab comes to the front', async () => {
  const port = await freePort()
  const server = `{ port: ${port}, ws: false, hmr: false }`
  using app = appWithField(server, '{ sticky: false }')
  using other = appWithField(server, '{ sticky: false }')
  const mine = startVite('vite', app.dir)
  expect(await localPort(mine)).toBe(port)
  await using tab = await openTab(browser, `http://localhost:${port}/`)
  const { page } = tab
  await tab.shows('text', 'first')
  await mine.end('SIGTERM')
  await using theirs = startVite('vite', other.dir)
  expect(await localPort(theirs)).toBe(port)
  const show = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await show()
  const notice = page.locator('ports-notice')
  const load = notice.getByRole('button', { name: `Load ${basename(other.dir)}` })
  await load.waitFor()
  other.say('theirs')
  await load.click()
  await tab.shows('text', 'theirs')
  expect(await notice.count()).toBe(0)
})

test('a server that does not say whose it is makes no difference', async () => {
  const port = await freePort()
  using app = appWithField(`{ port: ${port} }`)
  const mine = startVite('vite', app.dir)
  expect(await localPort(mine)).toBe(port)
  await using tab = await openTab(browser, `http://localhost:${port}/`)
  const { page } = tab
  await tab.connected()
  await mine.end('SIGTERM')
  const asked: string[] = []
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>another page for every path')
  })
  stranger.listen(port)
  await once(stranger, 'listening')
  try {
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await until(() => asked.some((url) => url.startsWith('/__ports/identity.json?was=')))
    // The answer has been read when another question can be asked.
    await page.evaluate(() => fetch('/done'))
    await until(() => asked.includes('/done'))
    expect(await page.locator('ports-notice').count()).toBe(0)
  } finally {
    stranger.close()
    stranger.closeAllConnections()
  }
})

test("a Content Security Policy of the app's own is kept", async () => {
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws:; img-src data:"
  using app = appWithField(`{ headers: { 'Content-Security-Policy': ${JSON.stringify(policy)} } }`)
  await using server = startVite('vite', app.dir)
  await using tab = await openTab(browser, `http://localhost:${await localPort(server)}/`)
  await comeFrom(tab.page, 'ffffffffffffffff')
  const section = tab.page.locator('ports-notice section')
  await section.waitFor()
  expect(await section.evaluate((element) => getComputedStyle(element).position)).toBe('fixed')
  expect(tab.errors).toEqual([])
})

test.skipIf(!address)('another device is told no names and no addresses', async () => {
  using app = appWithField(`{ host: '0.0.0.0' }`)
  using other = appWithField()
  await using server = startVite('vite', app.dir)
  await using rival = startVite('vite', other.dir)
  await localPort(rival)
  const url = `http://${address}:${await localPort(server)}`
  await using tab = await openTab(browser, `${url}/`)
  await comeFrom(tab.page, projectId(other.dir))
  const notice = tab.page.locator('ports-notice')
  await notice.getByText(`${new URL(url).host} is now another project`).waitFor()
  expect(await notice.getByRole('link').count()).toBe(0)
  const { text } = await get(`${url}/__ports/identity.json?was=${projectId(other.dir)}`)
  expect(JSON.parse(text)).toMatchObject({ v: 1, label: '' })
  for (const dir of [app.dir, other.dir]) expect(text).not.toContain(basename(dir))
  expect(text).not.toContain('"was"')
})

test('pages of a server in middleware mode are watched as well', async () => {
  using app = createApp('vite')
  cpSync(join(repo, 'test/fixtures/middleware/server.mjs'), join(app.dir, 'server.mjs'))
  await using server = startNode(['server.mjs'], { cwd: app.dir })
  await using tab = await openTab(browser, `http://localhost:${await localPort(server)}/`)
  await comeFrom(tab.page, 'ffffffffffffffff')
  await tab.page.locator('ports-notice').getByRole('status').getByText('shop (main)').waitFor()
  expect(tab.errors).toEqual([])
})

test('without it, and without the prefix of titles, pages get no script', async () => {
  using app = createApp('vite', '{ notice: false }')
  await using server = startVite('vite', app.dir)
  await using tab = await openTab(browser, `http://localhost:${await localPort(server)}/`)
  await tab.connected()
  const loaded = await tab.page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name),
  )
  expect(loaded.length).toBeGreaterThan(0)
  expect(loaded.filter((name) => name.includes('__ports'))).toEqual([])
})

test('the script is a few kilobytes', async () => {
  using app = createApp('vite')
  await using server = startVite('vite', app.dir)
  const { text } = await get(`http://localhost:${await localPort(server)}/__ports/client.js`)
  expect(text).toContain(projectId(app.dir))
  expect(Buffer.byteLength(text)).toBeLessThan(9000)
})

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Browser, Locator, Page } from 'playwright-core'
import { createServer, preview } from 'vite'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import ports from '../../src/vite.ts'
import type { Options } from '../../src/types.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

const API = `import { createServer } from 'node:http'
createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT, 'localhost')
`

/** A Vite of this process whose `api` is a process of its own, and its status page. */
async function open(options: Options = {}, host?: string) {
  const root = tempRoot()
  root.write({ 'index.html': '<!doctype html><title>app</title>', 'api.mjs': API })
  const [from, to] = await freeRange(4)
  const server = await createServer({
    configFile: false,
    root: root.dir,
    logLevel: 'silent',
    server: { port: from, ...(host && { host }) },
    plugins: [
      ports({
        services: {
          api: {
            range: [from + 1, to],
            command: `"${process.execPath}" api.mjs`,
            health: { intervalMs: 200 },
          },
        },
        ...options,
      }),
    ],
  })
  await server.listen()
  const { port } = server.config.server
  const tab = await openTab(browser, `http://localhost:${port}/__ports/`)
  const { page } = tab
  await until(() => row(page, 'api').isVisible())
  return {
    page,
    port,
    tab,
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      await server.close()
      root[Symbol.dispose]()
    },
  }
}

const row = (page: Page, service: string): Locator =>
  page.locator('.row', { has: page.locator(`.row-toggle[data-service="${service}"]`) })

const stateOf = (page: Page, service: string) => row(page, service).getAttribute('data-state')

/** A fact among the details of a service. */
const fact = (page: Page, service: string, name: string): Promise<string> =>
  row(page, service)
    .locator('.facts dt', { hasText: new RegExp(`^${name}$`) })
    .locator('xpath=following-sibling::dd[1]')
    .innerText({ timeout: 2000 })
    .catch(() => '')

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string }[] }> }
    }
    return (await axe.run()).violations.map(({ id }) => id)
  })
}

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

/** What has the focus, in words, and whether it can be seen that it has. */
const focused = (page: Page): Promise<{ name: string; visible: boolean }> =>
  page.evaluate(() => {
    const { activeElement: element } = document
    if (!element) return { name: '', visible: false }
    const name = element.getAttribute('aria-label') ?? element.textContent ?? ''
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return { name: name.trim(), visible: outlineStyle !== 'none' && outlineWidth !== '0px' }
  })

test('a process that was started for a service is shown, and started again from the page', async () => {
  await using it = await open()
  const { page, port } = it
  await until(async () => (await stateOf(page, 'api')) === 'Healthy')
  await row(page, 'api').locator('.row-toggle').click()
  await until(async () => (await fact(page, 'api', 'Started here')).startsWith('running, '))
  const status = async () => {
    const answer = await fetch(`http://localhost:${port}/__ports/status.json`)
    const { services } = (await answer.json()) as {
      services: { service: string; port: number; process?: { pid?: number; restarts: number } }[]
    }
    return services.find(({ service }) => service === 'api')
  }
  const before = await status()
  const pidOf = async () => (await fetch(`http://localhost:${before?.port}/`)).text()
  const servedBefore = await pidOf()

  await row(page, 'api').getByRole('button', { name: 'Restart…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click()
  await until(async () => {
    const pid = (await status())?.process?.pid
    return pid !== undefined && pid !== before?.process?.pid
  })
  await until(async () => (await stateOf(page, 'api')) === 'Healthy')
  expect((await status())?.port).toBe(before?.port)
  expect(await pidOf()).not.toBe(servedBefore)
  const metrics = await (await fetch(`http://localhost:${port}/__ports/metrics`)).text()
  expect(metrics).toMatch(/ports_probe_duration_seconds_bucket\{.*service="api",le="\+Inf"\} [1-9]/)
  expect(it.tab.errors).toEqual([])
})

test('the page has a QR code only for a server that other devices reach', async () => {
  await using near = await open()
  expect(await near.page.getByRole('button', { name: 'Open on a phone' }).count()).toBe(0)
  expect((await fetch(`http://localhost:${near.port}/__ports/qr.svg`)).status).toBe(404)

  await using far = await open({}, '0.0.0.0')
  const { page } = far
  const button = page.getByRole('button', { name: 'Open on a phone' })
  await button.click()
  const image = page.getByRole('dialog').locator('img')
  await until(() => image.evaluate((it) => (it as HTMLImageElement).naturalWidth > 0))
  const url = await page.getByRole('dialog').getByRole('link').getAttribute('href')
  expect(url).toContain(`:${far.port}`)
  expect(url).not.toContain('localhost')
  expect(await violations(page)).toEqual([])
  await page.keyboard.press('Escape')
  await until(async () => (await page.getByRole('dialog').count()) === 0)
  expect((await focused(page)).name).toBe('Open on a phone')
  expect(far.tab.errors).toEqual([])
})

test('a phone shows all of it without scrolling sideways', async () => {
  await using it = await open({ titlePrefix: true }, '0.0.0.0')
  const { page } = it
  await page.setViewportSize({ width: 320, height: 640 })
  await row(page, 'api').locator('.row-toggle').click()
  await until(() => row(page, 'api').locator('.attempts').isVisible())
  expect(await isTooWide(page)).toBe(false)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await violations(page)).toEqual([])
  }
  await page.getByRole('button', { name: 'Open on a phone' }).click()
  expect(await isTooWide(page)).toBe(false)
})

test('prints in black on white, without anything to press', async () => {
  await using it = await open({}, '0.0.0.0')
  const { page } = it
  await row(page, 'api').locator('.row-toggle').click()
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  const colors = await page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.documentElement)
    return { backgroundColor, color }
  })
  expect(colors).toEqual({ backgroundColor: 'rgb(255, 255, 255)', color: 'rgb(0, 0, 0)' })
  for (const control of ['.copy', '.actions', '.button', '.connection', '.icon-chevron']) {
    expect(await page.locator(control).filter({ visible: true }).count(), control).toBe(0)
  }
  expect(await row(page, 'api').locator('.facts').isVisible()).toBe(true)
})

test('the keyboard alone reaches everything, and a dialog keeps and gives back the focus', async () => {
  await using it = await open()
  const { page } = it
  await row(page, 'api').locator('.row-toggle').focus()
  await page.keyboard.press('Enter')
  await until(() => row(page, 'api').locator('.actions').isVisible())
  await until(() => row(page, 'api').getByRole('button', { name: 'Restart…' }).isVisible())
  const order: string[] = []
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press('Tab')
    const { name, visible } = await focused(page)
    expect(visible, name).toBe(true)
    order.push(name)
    if (name === 'Restart…') break
  }
  expect(order.at(-1)).toBe('Restart…')
  expect(order.indexOf('Copy the URL')).toBeLessThan(order.indexOf('Restart…'))

  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await until(() => dialog.isVisible())
  for (let steps = 0; steps < 6; steps++) {
    await page.keyboard.press('Tab')
    // Past the last control a browser may go to its own, but never to the page behind.
    const inside = await page.evaluate(
      () => document.activeElement === document.body || !!document.activeElement?.closest('dialog'),
    )
    expect(inside).toBe(true)
  }
  await page.keyboard.press('Escape')
  await until(async () => (await dialog.count()) === 0)
  expect((await focused(page)).name).toBe('Restart…')
  expect(it.tab.errors).toEqual([])
})

/** The page at this port is live, and names `service` as the one that serves it. */
async function expectLive(port: number, service: string): Promise<void> {
  await using tab = await openTab(browser, `http://localhost:${port}/__ports/`)
  const { page } = tab
  await until(async () => (await page.locator('.connection').innerText()) === 'Live')
  await until(async () => ['Healthy', 'Running'].includes((await stateOf(page, service)) ?? ''))
  expect(tab.errors).toEqual([])
}

test("Vite's preview has the page", async () => {
  using root = tempRoot()
  root.write({ 'dist/index.html': '<!doctype html><title>app</title>' })
  const [from] = await freeRange(2)
  const server = await preview({
    configFile: false,
    root: root.dir,
    logLevel: 'silent',
    preview: { port: from },
    plugins: [ports()],
  })
  try {
    await expectLive((server.httpServer.address() as AddressInfo).port, 'preview')
  } finally {
    await server.close()
  }
})

test('a server in middleware mode has the page', async () => {
  using root = tempRoot()
  root.write({ 'index.html': '<!doctype html><title>app</title>' })
  const [from] = await freeRange(3)
  const vite = await createServer({
    configFile: false,
    root: root.dir,
    logLevel: 'silent',
    server: { middlewareMode: true, port: from },
    plugins: [ports()],
  })
  const server = createHttpServer(vite.middlewares)
  server.listen(from, 'localhost')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    await using tab = await openTab(browser, `http://localhost:${port}/__ports/`)
    await until(async () => (await tab.page.locator('.connection').innerText()) === 'Live')
    expect(await tab.page.locator('.row').count()).toBeGreaterThan(0)
    expect(tab.errors).toEqual([])
  } finally {
    server.close()
    server.closeAllConnections()
    await vite.close()
  }
})

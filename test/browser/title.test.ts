import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { appOf } from '../bundlers/_suite.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { git } from '../_utils/git.ts'
import { freePort } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'
import { PAGE_HOSTS, withHead } from './_hosts.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

describe.each(PAGE_HOSTS.map((host) => withHead(host, '<title>Shop</title>')))('$name', (host) => {
  test.skipIf(host.skip)('the branch stays before the title, also of one that is set', async () => {
    const port = await freePort()
    using root = appOf(host, { server: { port }, ports: '{ titlePrefix: true, notice: false }' })
    git(root.dir, 'init', '-q', '-b', 'feature-x')
    await using child = host.start(root.dir)
    await host.url(child)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    const { page } = tab
    await until(async () => (await page.title()) === '[feature-x] Shop')
    await page.evaluate(() => {
      document.title = 'Cart'
    })
    await until(async () => (await page.title()) === '[feature-x] Cart')
    await page.evaluate(() => {
      document.querySelector('title')?.remove()
      document.head.append(Object.assign(document.createElement('title'), { text: 'Pay' }))
    })
    await until(async () => (await page.title()) === '[feature-x] Pay')
    expect(tab.errors).toEqual([])
  })
})

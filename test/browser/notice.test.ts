import { basename } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { App, Host } from '../bundlers/_hosts/host.ts'
import { appOf } from '../bundlers/_suite.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { freePort } from '../_utils/sockets.ts'
import type { TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { PAGE_HOSTS, withHead } from './_hosts.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

/** Two checkouts of one project; both want the same port. */
function checkouts(host: Host, app: App): [TempRoot, TempRoot] {
  return [appOf(host, app), appOf(host, app)]
}

const noticeOf = (page: Page): Locator => page.locator('ports-notice')

/** What has happened in a tab since this was called. */
function watchTab(page: Page): { asked: number; greeted: number } {
  const seen = { asked: 0, greeted: 0 }
  page.on('response', (response) => {
    if (/__ports\/(client\.js|identity\.json)/.test(response.url()) && response.ok()) seen.asked++
  })
  page.on('websocket', (socket) => socket.once('framereceived', () => seen.greeted++))
  return seen
}

describe.each(PAGE_HOSTS.map((host) => withHead(host, '')))('$name', (host) => {
  test.skipIf(host.skip)(
    'a tab is told when another checkout has its port, and where its own server is',
    async () => {
      const port = await freePort()
      // Nothing remembered: the others would keep off a port that this checkout had.
      const [mine, other] = checkouts(host, { server: { port }, ports: '{ sticky: false }' })
      using _mine = mine
      using _other = other
      const url = `http://localhost:${port}/?tab=1#here`

      const first = host.start(mine.dir)
      await host.url(first)
      await using tab = await openTab(browser, url)
      const { page } = tab
      await tab.greeted()
      const seen = watchTab(page)
      expect(await noticeOf(page).count()).toBe(0)
      expect(await page.locator('script[src*="__ports"]').count()).toBe(0)
      expect(tab.errors).toEqual([])

      // Its own server, once more: whatever the tab does then, it says nothing.
      await first.end('SIGTERM')
      const again = host.start(mine.dir)
      await using _again = again
      expect(Number((await host.url(again)).port)).toBe(port)
      // And it hears of what comes next.
      await until(() => seen.asked > 0 && seen.greeted > 0)
      expect(await noticeOf(page).count()).toBe(0)

      await again.end('SIGTERM')
      await using theirs = host.start(other.dir)
      expect(Number((await host.url(theirs)).port)).toBe(port)
      const status = noticeOf(page).getByRole('status')
      await status.getByText(`localhost:${port} is now ${basename(other.dir)}`).waitFor()
      await status
        .getByText(`This tab was ${basename(mine.dir)}, which isn’t running now.`)
        .waitFor()

      // And where it is as soon as it is anywhere.
      await using moved = host.start(mine.dir)
      const own = await host.url(moved)
      expect(Number(own.port)).not.toBe(port)
      const link = noticeOf(page).getByRole('link', { name: `Go to localhost:${own.port}` })
      await link.waitFor()
      expect(await link.getAttribute('href')).toBe(`http://localhost:${own.port}/?tab=1#here`)

      await noticeOf(page).getByRole('button', { name: 'Stay here' }).click()
      expect(await noticeOf(page).count()).toBe(0)
      const before = seen.asked
      await page.reload()
      await until(() => seen.asked > before)
      expect(await noticeOf(page).count()).toBe(0)
    },
    120_000,
  )
})

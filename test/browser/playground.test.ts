import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { apiInfo, servedPort } from '../playground/_probe.ts'
import { checkout } from '../playground/checkout.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

test.each(['vite', 'webpack', 'rspack', 'rsbuild'])(
  '%s: an edit recolours the page while it stays loaded, and the API ticks',
  async (name) => {
    using copy = checkout()
    await using child = copy.play(name)
    const port = await servedPort(child)
    const api = await apiInfo(port)
    await using tab = await openTab(browser, `http://localhost:${port}/`)
    const { page } = tab
    const shows = (field: string, text: RegExp | string) =>
      page.locator(`[data-field="${field}"]`, { hasText: text }).first().waitFor()
    await shows('tick', /^\d+$/)
    await shows('apiPid', String(api.pid))
    const numbers = await page.locator('.rack .number').allTextContents()
    expect(numbers).toEqual([port, port, api.port].map(String))

    await page.evaluate(() => Object.assign(window, { mark: 'kept' }))
    const file = join(copy.dir, 'playground', name, 'src/accent.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/= \d+/, '= 20'), { flag: 'r+' })
    await shows('hue', /^20$/)
    await shows('updates', /^1$/)
    expect(
      await page.evaluate(() => [
        (window as { mark?: string }).mark,
        document.documentElement.style.getPropertyValue('--hue'),
      ]),
    ).toEqual(['kept', '20'])
    expect(tab.errors).toEqual([])
  },
)

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { type Sample, SAMPLES, twoWorktrees } from '../_utils/samples.ts'
import { freeRange } from '../_utils/sockets.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

test.each(SAMPLES)(
  'ports dev in two worktrees of $fixture: each page talks to its own API',
  async (sample) => {
    using worktrees = twoWorktrees(sample, await freeRange(2))
    const [main, linked] = worktrees.dirs
    await using first = startNode([cliFile, 'dev'], { cwd: main })
    await using second = startNode([cliFile, 'dev'], { cwd: linked })
    for (const [child, dir] of [
      [first, main],
      [second, linked],
    ] as const) {
      const url = await pageOf(child, sample)
      await using tab = await openTab(browser, url)
      expect(await tab.page.textContent('h1')).toBe('app')
      const answer = await tab.page.evaluate(async () => {
        const response = await fetch('/api/hello')
        return (await response.json()) as { hello: string; web: string }
      })
      expect(answer.hello).toMatch(new RegExp(`^${dir}`))
      expect(answer.web).toBe(new URL(url).origin)
      const missing = tab.errors.filter((text) => !text.includes('404'))
      expect(missing).toEqual([])
    }
  },
)

/** Where the page is, once it and its API are up. */
async function pageOf(child: Child, { web, ready }: Sample): Promise<string> {
  const [, url = ''] = await child.sees(
    new RegExp(`^ +${web} +(http://localhost:\\d+/)`, 'm'),
    60_000,
  )
  await child.sees(/\[api\] the API is up/, 60_000)
  await child.sees(ready, 60_000)
  return url
}

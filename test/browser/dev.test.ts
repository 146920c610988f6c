import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { git, initRepo } from '../_utils/git.ts'
import { linkCommands } from '../_utils/projects.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, tempRoot } from '../_utils/temp.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

interface Sample {
  readonly fixture: string
  readonly packages: Readonly<Record<string, string>>
  readonly commands: Readonly<Record<string, string>>
  readonly page: object
  readonly api: object
}

test.each<Sample>([
  {
    fixture: 'express-vite',
    packages: { vite: 'vite', express: 'express' },
    commands: { vite: 'vite/bin/vite.js' },
    page: { command: 'vite', dependsOn: 'api' },
    api: { command: 'node api.js' },
  },
  {
    fixture: 'webpack-app',
    packages: { webpack: 'webpack' },
    commands: { webpack: 'webpack-cli/bin/cli.js' },
    page: { command: 'webpack serve', dependsOn: 'api' },
    api: { command: 'npm run api' },
  },
])('ports dev in two worktrees of $fixture: each page talks to its own API', async (sample) => {
  using main = tempRoot(sample.fixture)
  using place = tempRoot()
  const [preferred, next] = await freeRange(2)
  const services = {
    dev: { ...sample.page, preferred },
    api: { ...sample.api, preferred: next },
  }
  main.write({
    '.gitignore': 'node_modules\n.env.local\n',
    'ports.config.mjs': `export default ${JSON.stringify({ services })}\n`,
  })
  initRepo(main.dir)
  const linked = join(place.dir, 'agent')
  git(main.dir, 'worktree', 'add', '-q', '-b', 'agent', linked)
  for (const dir of [main.dir, linked]) {
    linkPackages(dir, sample.packages)
    linkCommands(dir, sample.commands)
  }

  await using first = startNode([cliFile, 'dev'], { cwd: main.dir })
  await using second = startNode([cliFile, 'dev'], { cwd: linked })
  for (const [child, dir] of [
    [first, main.dir],
    [second, linked],
  ] as const) {
    const url = await pageOf(child)
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
})

/** Where the page is, once it and its API are up. */
async function pageOf(child: Child): Promise<string> {
  const [, url = ''] = await child.sees(/^ +dev +(http:\/\/localhost:\d+\/)/m, 60_000)
  await child.sees(/\[api\] the API is up/, 60_000)
  await child.sees(/ready in|compiled successfully/, 60_000)
  return url
}

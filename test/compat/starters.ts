import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Browser } from 'playwright-core'
import { openTab, type Tab } from '../_utils/browser.ts'
import { until } from '../_utils/until.ts'
import { API, API_CONFIG, type App, copy, edit, run, serve, STEP_MS } from './_project.ts'
import { versions, type Workspace, write } from './_project.ts'
import type { Starter } from './_starters.ts'

/**
 * Makes the starter, adds the plugin with `ports init --yes`, and looks at two copies of it at once
 * in a browser; then builds it.
 *
 * @returns The versions that it was done with.
 */
export async function tryStarter(
  starter: Starter,
  workspace: Workspace,
  browser: Browser,
): Promise<string> {
  const dir = join(workspace.dir, starter.name.replace(/\W+/g, '-'))
  const [one, two] = [join(dir, 'app'), join(dir, 'other')]
  mkdirSync(dir)
  await starter.create(one, workspace)
  await run(['npm', 'install', '--no-audit', '--no-fund', '-D', workspace.tarball], one)
  const init = await run(['npx', '--no-install', 'ports', 'init', '--yes'], one, workspace.env)
  if (!init.includes('Written.')) throw new Error(`ports init said:\n${init}`)
  await write(one, { 'api.mjs': API, 'ports.config.json': API_CONFIG })
  await copy(one, two)
  await lookAtBoth(starter, [one, two], workspace, browser)
  if (starter.builds) await lookAtBuilt(starter, one, workspace, browser)
  const told = versions(one, starter.packages)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  return told
}

async function lookAtBoth(
  starter: Starter,
  dirs: readonly [string, string],
  { env }: Workspace,
  browser: Browser,
): Promise<void> {
  const command = ['npm', 'run', starter.script]
  await using one = serve(command, dirs[0], env)
  await using two = serve(command, dirs[1], env)
  await told([one, two], async () => {
    const urls = [await one.url(), await two.url()] as const
    if (urls[0].port === urls[1].port) throw new Error(`both are on ${urls[0].port}`)
    await using first = await look(starter, browser, urls[0], dirs[0])
    await using second = await look(starter, browser, urls[1], dirs[1])

    await first.page.evaluate(() => Object.assign(window, { kept: true }))
    const { file, from, to } = starter.edit
    await edit(join(dirs[0], file), from, to)
    await shows(first, to)
    const kept = await first.page.evaluate(() => 'kept' in window)
    if (!kept && !starter.reloads) throw new Error('the edit loaded the page anew')
    await shows(second, from)
    for (const { errors } of [first, second]) {
      if (errors.length > 0) throw new Error(`the console says: ${errors.join('\n')}`)
    }
    await one.stop()
    await two.stop()
  })
}

async function lookAtBuilt(
  starter: Starter,
  dir: string,
  { env }: Workspace,
  browser: Browser,
): Promise<void> {
  await run(['npm', 'run', 'build'], dir, env)
  await using app = serve(['npm', 'run', 'preview'], dir, env)
  await told([app], async () => {
    await using tab = await openTab(browser, (await app.url()).href)
    await shows(tab, starter.edit.to)
    await app.stop()
  })
}

/** The page is there, with the title and the port that it should have, and reaches its own API. */
async function look(starter: Starter, browser: Browser, url: URL, dir: string): Promise<Tab> {
  const { DEV_PORT } = parseEnv(readFileSync(join(dir, '.env.local'), 'utf8'))
  if (DEV_PORT !== url.port) throw new Error(`.env.local says ${DEV_PORT}, the page is at ${url}`)
  const tab = await openTab(browser, url.href)
  await shows(tab, starter.edit.from)
  const title = await tab.page.title()
  if (title !== starter.title) throw new Error(`the title is ${JSON.stringify(title)}`)
  const says = `api of ${basename(dir)}`
  const ask = (): Promise<string> =>
    tab.page.evaluate(async () => await (await fetch('/api/')).text())
  await until(async () => (await ask()) === says, STEP_MS, `/api/ says ${says}`)
  return tab
}

async function shows(tab: Tab, text: string): Promise<void> {
  const body = (): Promise<string> => tab.page.locator('body').innerText({ timeout: 5000 })
  await until(async () => (await body()).includes(text), 60_000, `the page shows ${text}`)
}

/** What goes wrong is told with what the programs printed. */
async function told(apps: readonly App[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const printed = apps.map(({ child }) => child.output()).join('\n---\n')
    throw new Error(`${String(error)}\n${printed}`, { cause: error })
  }
}

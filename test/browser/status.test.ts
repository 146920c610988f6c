import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { farmHost } from '../bundlers/_hosts/farm.ts'
import type { Host } from '../bundlers/_hosts/host.ts'
import { rsbuildHost } from '../bundlers/_hosts/rsbuild.ts'
import { rspackCliHost } from '../bundlers/_hosts/rspack.ts'
import { viteHost } from '../bundlers/_hosts/vite.ts'
import { DEV_SERVERS, webpackCliHost } from '../bundlers/_hosts/webpack.ts'
import { appOf, envOf } from '../bundlers/_suite.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const api = join(repo, 'test/fixtures/programs/api.mjs')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

const HOSTS: readonly Host[] = [
  viteHost,
  ...DEV_SERVERS.map(webpackCliHost),
  rspackCliHost,
  rsbuildHost,
  farmHost,
]

/** The row of a service. */
const row = (page: Page, service: string) =>
  page.locator('.row', { has: page.locator(`.row-toggle[data-service="${service}"]`) })

const stateOf = (page: Page, service: string) => row(page, service).getAttribute('data-state')

/** What axe finds wrong, in one colour scheme. */
async function violations(page: Page, colorScheme: 'light' | 'dark'): Promise<string[]> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    return (await axe.run()).violations
  })
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.each(HOSTS)('$name', (host) => {
  test.skipIf(host.skip)('shows its services as they change, and moves and releases', async () => {
    const [from, other] = await freeRange(4)
    const first = other - 1
    const ports = JSON.stringify({
      services: { api: { range: [first, other], health: { intervalMs: 150 } } },
    })
    using root = appOf(host, { server: { port: from }, ports })
    await using server = host.start(root.dir)
    const url = await host.url(server)
    await server.sees(new RegExp(`Ports: +http://localhost:${url.port}/__ports/`))
    await using tab = await openTab(browser, `http://localhost:${url.port}/__ports/`)
    const { page } = tab
    await until(() => row(page, 'api').isVisible())
    await until(async () => (await stateOf(page, 'dev')) === 'Healthy')
    expect(await stateOf(page, 'api')).toBe('Waiting for its server')
    expect(await page.locator('.connection').innerText()).toBe('Live')

    const env = { PORT: String(first), API_PORT: String(first) }
    const program = startNode([api], { cwd: root.dir, env })
    await until(async () => (await stateOf(page, 'api')) === 'Healthy')
    await until(() => row(page, 'api').locator('svg.spark').isVisible())
    await row(page, 'api').locator('.row-toggle').click()
    const details = row(page, 'api').locator('.details')
    await until(() => details.locator('.attempts').isVisible())
    expect(await details.innerText()).toMatch(/api has \d+: /)
    expect(await details.innerText()).toContain(`API_PORT=${first}`)
    expect(await violations(page, 'light')).toEqual([])
    expect(await violations(page, 'dark')).toEqual([])
    await program.end()
    await until(async () => (await stateOf(page, 'api')) === 'Down')

    await details.getByRole('button', { name: 'Move to another port…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await row(page, 'api').innerText()).toContain(String(first))
    await details.getByRole('button', { name: 'Move to another port…' }).click()
    await page.getByLabel('New port').fill(String(other))
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await until(async () => (await row(page, 'api').innerText()).includes(`API_PORT=${other}`))
    expect(envOf(root).API_PORT).toBe(String(other))
    await until(async () => (await page.locator('#events').innerText()).includes(`to ${other}`))

    await details.getByRole('button', { name: 'Release…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await until(async () => (await stateOf(page, 'api')) === 'Released')
    expect(tab.errors).toEqual([])

    await server.end('SIGKILL')
    await until(() => page.locator('.banner').isVisible())
    expect(await page.locator('.banner').innerText()).toMatch(/how it was at/)
  })
})

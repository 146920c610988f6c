import { dirname, join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { farmHost } from '../bundlers/_hosts/farm.ts'
import type { Host } from '../bundlers/_hosts/host.ts'
import { rsbuildHost } from '../bundlers/_hosts/rsbuild.ts'
import { rspackCliHost, rspackProgramHost } from '../bundlers/_hosts/rspack.ts'
import { DEV_SERVERS, webpackCliHost } from '../bundlers/_hosts/webpack.ts'
import { envOf } from '../bundlers/_suite.ts'
import { launchBrowser, openTab } from '../_utils/browser.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, tempRoot } from '../_utils/temp.ts'

let browser: Browser
let certificate: { key: string; cert: string }
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
  certificate = await selfSigned()
})
afterAll(() => browser.close())

/** A host with its page, the path of the page's script, and what the script calls HMR. */
interface PageHost {
  readonly host: Host
  readonly page: string
  readonly main: string
  readonly hot: string
}

const webpackLike = (host: Host): PageHost => ({
  host,
  page: 'public/index.html',
  main: 'src/index.js',
  hot: 'import.meta.webpackHot',
})

const HOSTS: readonly PageHost[] = [
  ...DEV_SERVERS.map((devServer) => webpackLike(webpackCliHost(devServer))),
  webpackLike(rspackCliHost),
  webpackLike(rspackProgramHost),
  { host: rsbuildHost, page: 'page.html', main: 'main.js', hot: 'import.meta.webpackHot' },
  { host: farmHost, page: 'index.html', main: 'main.js', hot: 'import.meta.hot' },
]

describe.each(HOSTS)('$host.name', ({ host, page, main, hot }) => {
  const cases = [
    { over: 'the shared port', separate: false, secure: false },
    { over: 'a port of its own', separate: true, secure: false },
    { over: 'a port of its own, with HTTPS', separate: true, secure: true },
  ]
  test.skipIf(host.skip).each(cases)('an edit reaches the page over $over', async (given) => {
    const { separate, secure } = given
    const [from, to] = await freeRange(3)
    using root = tempRoot()
    linkPackages(root.dir, host.packages)
    const files = host.files({
      server: { port: from },
      https: secure ? certificate : undefined,
      ports: JSON.stringify({ services: { hmr: { separate, preferred: to } } }),
    })
    const shown = (files[page] ?? '').replace('<h1>', '<link rel="icon" href="data:,"><h1>')
    const text = join(root.dir, dirname(main), 'text.js')
    root.write({ ...files, [page]: shown, [main]: `import './text.js'\n` })
    writeFileSync(text, sourceOf('first', hot))

    await using server = host.start(root.dir)
    const { port } = await host.url(server)
    await using tab = await openTab(browser, `http${secure ? 's' : ''}://localhost:${port}/`)
    await tab.shows('text', 'first')
    await tab.greeted()
    await tab.page.evaluate(() => Object.assign(window, { mark: 'still here' }))
    writeFileSync(text, sourceOf('second', hot), { flag: 'r+' })
    await tab.shows('text', 'second')

    expect(await tab.page.evaluate(() => (window as { mark?: string }).mark)).toBe('still here')
    const expected = separate ? to : from
    expect(envOf(root)[host.hmr.variable]).toBe(String(expected))
    expect(tab.sockets.map((url) => new URL(url).port)).toEqual([String(expected)])
    expect(tab.errors).toEqual([])
  })
})

/** A module that accepts itself. Of one length, so that an edit is one write and one change. */
function sourceOf(text: string, hot: string): string {
  return `const element =
  document.getElementById('text') ??
  document.body.appendChild(Object.assign(document.createElement('p'), { id: 'text' }))
element.textContent = ${JSON.stringify(text).padEnd(20)}
if (${hot}) ${hot}.accept()
`
}

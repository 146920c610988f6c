import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openTab, type Tab } from '../_utils/browser.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freePort, freeRange } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { upstream } from '../_utils/upstream.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { type App, createApp } from './_app.ts'

const program = join(repo, 'test/fixtures/programs/api.mjs')

/** Asks its API all the time, over HTTP and a WebSocket that connects again when it breaks. */
const PAGE = `const show = (id, value) => (document.getElementById(id).textContent = value)
setInterval(async () => {
  const response = await fetch('/api/who').catch(() => undefined)
  const text = (await response?.text()) ?? ''
  show('text', response?.status === 200 ? JSON.parse(text).name : text)
  show('stage', response?.headers.get('x-ports-upstream') ?? '')
}, 100)
const connect = () => {
  const socket = new WebSocket('ws://' + location.host + '/api/live')
  const ask = setInterval(() => socket.readyState === 1 && socket.send('hi'), 100)
  socket.onmessage = ({ data }) => show('services', data)
  socket.onclose = () => {
    clearInterval(ask)
    show('services', 'closed')
    setTimeout(connect, 100)
  }
}
connect()
`

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser(inject('chromium'))
})
afterAll(() => browser.close())

/** A checkout on a branch of its own, whose page says who answers it. */
function checkout(branch: string, options: string): App {
  const app = createApp('vite', options)
  execFileSync('git', ['init', '-q', '-b', branch, app.dir])
  app.write({
    'main.js': PAGE,
    'package.json': JSON.stringify({ type: 'module', scripts: { api: 'node api.mjs' } }),
  })
  return app
}

function apiOn(port: number, more = ''): string {
  return `{ services: { api: { preferred: ${port}, proxy: '/api' ${more} } } }`
}

async function startApi(app: App, port: number, name: string): Promise<Child> {
  const child = startNode([program, name], { cwd: app.dir, env: { API_PORT: String(port) } })
  await child.sees(new RegExp(`api on ${port}`))
  return child
}

function textOf(tab: Tab): Promise<string> {
  return tab.page.locator('#text').innerText()
}

test('two checkouts whose APIs are crossed refuse them by name, and are right as soon as these are', async () => {
  const [one, two] = await freeRange(2)
  using left = checkout('left', apiOn(one))
  using right = checkout('right', apiOn(two))
  await using leftVite = startVite('vite', left.dir)
  await using rightVite = startVite('vite', right.dir)
  const [leftPort, rightPort] = [await localPort(leftVite), await localPort(rightVite)]
  // Each reads the other one's number.
  const crossed = [await startApi(right, one, 'right'), await startApi(left, two, 'left')]
  await using leftTab = await openTab(browser, `http://localhost:${leftPort}/`)
  await using rightTab = await openTab(browser, `http://localhost:${rightPort}/`)
  for (const [tab, port, other] of [
    [leftTab, one, 'right'],
    [rightTab, two, 'left'],
  ] as const) {
    await until(async () => (await textOf(tab)).includes('502'))
    const text = await textOf(tab)
    expect(text).toContain(`port ${port} is served by node api.mjs ${other} in ../`)
    expect(text).toContain(`(${other}, pid `)
    expect(text).toContain('npm run api')
    await tab.shows('services', 'closed')
  }

  for (const child of crossed) await child.end()
  await using _left = await startApi(left, one, 'left')
  await using _right = await startApi(right, two, 'right')
  await leftTab.shows('text', 'left')
  await leftTab.shows('services', 'left: hi')
  await rightTab.shows('text', 'right')
  await rightTab.shows('services', 'right: hi')
  for (const vite of [leftVite, rightVite]) expect(vite.output()).not.toContain('restart')
})

test('a page stays with an API that comes back on another port', async () => {
  const [own, other] = await freeRange(2)
  using app = checkout('main', apiOn(own))
  await using vite = startVite('vite', app.dir)
  const port = await localPort(vite)
  await using tab = await openTab(browser, `http://localhost:${port}/`)
  {
    await using _first = await startApi(app, own, 'mine')
    await tab.shows('text', 'mine')
    await tab.shows('services', 'mine: hi')
  }
  await tab.shows('services', 'closed')
  await until(async () => (await textOf(tab)).includes('502'))
  await using moved = await startApi(app, other, 'mine')
  await tab.shows('text', 'mine')
  await tab.shows('services', 'mine: hi')
  await vite.sees(
    new RegExp(`"api" listens on port ${other} instead of ${own} .*pid ${moved.pid}\\)`),
  )
  expect(vite.output()).not.toContain('restart')
})

test('a page is served by staging while its own API is away', async () => {
  const own = await freePort()
  await using staging = await upstream('staging')
  const place = `http://localhost:${staging.port}`
  using app = checkout('main', apiOn(own, `, upstreams: ['service', '${place}']`))
  await using vite = startVite('vite', app.dir)
  await using tab = await openTab(browser, `http://localhost:${await localPort(vite)}/`)
  await tab.shows('text', 'staging')
  await tab.shows('stage', place)
  await tab.shows('services', 'staging: hi')
  {
    await using _own = await startApi(app, own, 'mine')
    await tab.shows('text', 'mine')
    await tab.shows('stage', 'api')
  }
  await tab.shows('text', 'staging')
  await tab.shows('stage', place)
  await vite.sees(/requests for "api" go to its own server/)
})

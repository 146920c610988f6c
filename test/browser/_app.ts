import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect } from 'vitest'
import type { Tab } from '../_utils/browser.ts'
import { linkPackages, type TempRoot, tempRoot } from '../_utils/temp.ts'
import type { ViteName } from '../_utils/vite.ts'

const HTML = `<!doctype html>
<link rel="icon" href="data:,">
<p id="text"></p>
<p id="stage"></p>
<p id="services"></p>
<script type="module" src="/main.js"></script>
`
// `shown` has every text the page ever showed, so that an update too many is seen as well.
const MAIN = `import { services } from '~ports'
import { text } from './text.js'

const shown = (window.shown = [])
const show = (id, value) => (document.getElementById(id).textContent = value)
const showText = (value) => {
  shown.push(value)
  show('text', value)
}
showText(text)
show('stage', __STAGE__)
show('services', JSON.stringify(services))
if (import.meta.hot) import.meta.hot.accept('./text.js', (next) => showText(next.text))
`

/** A Vite app that accepts updates of `text.js`. */
export interface App extends TempRoot {
  /** The managed block and whatever else is in `.env.local`. */
  env(): Record<string, string | undefined>
  /** Writes `text.js`. */
  say(text: string): void
  /** Writes `vite.config.mjs`; `stage` is shown on the page. */
  configure(stage: string): void
}

/**
 * Writes the app into a fresh root, with that Vite and this package.
 *
 * @param options Source of the plugin's options.
 * @param server Source of Vite's `server` options.
 */
export function createApp(vite: ViteName, options = '{}', server = '{}'): App {
  const root = tempRoot()
  linkPackages(root.dir, { vite })
  const source = join(root.dir, 'text.js')
  const config = join(root.dir, 'vite.config.mjs')
  const app: App = {
    ...root,
    env: () => parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8')),
    say: (text) => writeFileSync(source, sourceOf(text), { flag: 'r+' }),
    configure: (stage) => writeFileSync(config, configOf(stage, options, server), { flag: 'r+' }),
  }
  root.write({
    'package.json': '{ "type": "module" }',
    'index.html': HTML,
    'main.js': MAIN,
    'text.js': sourceOf('first'),
    'vite.config.mjs': configOf('one', options, server),
  })
  return app
}

/** Of one length, so that an edit is one write and the watcher sees one change. */
function sourceOf(text: string): string {
  return `${`export const text = ${JSON.stringify(text)}`.padEnd(80)}\n`
}

/** Of one length as well: a restart in the middle of a restart cuts the page's requests off. */
function configOf(stage: string, options: string, server: string): string {
  const define = JSON.stringify(JSON.stringify(stage)).padEnd(16)
  return `import ports from 'unplugin-ports/vite'

export default {
  define: { __STAGE__: ${define} },
  plugins: [ports(${options})],
  server: ${server},
}
`
}

/** An edit on disk reaches the page while it stays loaded. */
export async function expectUpdate(
  tab: Tab,
  app: App,
  before: string,
  after: string,
): Promise<void> {
  await tab.shows('text', before)
  const mark = String(Math.random())
  await tab.page.evaluate((value) => Object.assign(window, { mark: value }), mark)
  app.say(after)
  await tab.shows('text', after)
  expect(await tab.page.evaluate(() => (window as { mark?: string }).mark)).toBe(mark)
}

/** Every text that the page has shown since it was loaded. */
export function shownTexts(tab: Tab): Promise<string[]> {
  return tab.page.evaluate(() => (window as unknown as { shown: string[] }).shown)
}

/** Ports of the WebSockets that a tab opened. */
export function socketPorts(tab: Tab): string[] {
  return tab.sockets.map((url) => new URL(url).port)
}

import { type Browser, chromium, type Page } from 'playwright-core'
import { until } from './until.ts'

/** Nothing that calls home, and no sandbox, which root can't have. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]

/** Starts the browser; the caller closes it. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS })
}

/** A tab of its own profile, with everything it said. Closed with the test. */
export interface Tab extends AsyncDisposable {
  readonly page: Page
  /** Errors on the console and uncaught exceptions. */
  readonly errors: readonly string[]
  /** URLs of the WebSockets that were opened, in order. */
  readonly sockets: readonly string[]
  /** A WebSocket of the page has heard from its server, within the deadline. */
  greeted(): Promise<void>
  /** The element with this id shows `text`, within the deadline. */
  shows(id: string, text: string): Promise<void>
  /** Vite's client has connected at least `times` times since the tab was opened. */
  connected(times?: number): Promise<void>
}

/** Opens `url` in a new tab. Certificates are not checked. */
export async function openTab(browser: Browser, url: string): Promise<Tab> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const errors: string[] = []
  const sockets: string[] = []
  let connections = 0
  let frames = 0
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
    if (message.text().includes('[vite] connected.')) connections++
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('websocket', (socket) => {
    sockets.push(socket.url())
    socket.on('framereceived', () => frames++)
  })
  await page.goto(url)
  return {
    page,
    errors,
    sockets,
    async greeted() {
      await until(() => frames > 0, 20_000, 'a message on a WebSocket of the page')
    },
    async shows(id, text) {
      const element = page.locator(`#${id}`)
      // A page that is being reloaded has no text to give.
      await until(
        async () => (await element.textContent({ timeout: 1000 })) === text,
        20_000,
        `#${id} shows ${JSON.stringify(text)}`,
      )
    },
    async connected(times = 1) {
      await until(() => connections >= times, 20_000, `${times} connections of Vite's client`)
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}

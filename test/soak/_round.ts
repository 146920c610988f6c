import { once } from 'node:events'
import { request } from 'node:http'
import { echo, get } from '../_utils/http.ts'
import { until } from '../_utils/until.ts'
import type { SoakApp } from './_app.ts'

/** Each wait, on a machine that has other things to do, in milliseconds. */
const WAIT_MS = 60_000
const STREAMS = 5

/** What a day at work brings, once. `round` counts from 0. */
export async function workOneRound(app: SoakApp, round: number): Promise<void> {
  await apiAnswers(app)
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(app)))
  await browse(app)
  await crash(app)
  app.configure(true)
  await servicesAre(app, true)
  app.configure(false)
  await servicesAre(app, false)
  await app.tell('move')
  await apiAnswers(app)
  // Vite restarts by itself for it.
  app.root.write({ '.env': `VITE_ROUND=${round + 1}\n` })
  await until(() => page(app, '/main.js?url', () => true), WAIT_MS)
  await app.tell('restart')
  await apiAnswers(app)
  for (const stream of streams) stream.destroy()
}

async function browse(app: SoakApp): Promise<void> {
  const paths = ['/', '/main.js', '/api/', '/__ports/', '/__ports/status.json', '/__ports/metrics']
  for (let times = 0; times < 5; times++) {
    await Promise.all(paths.map((path) => get(`${app.url}${path}`)))
  }
  await Promise.all(
    Array.from({ length: 5 }, (_, n) => echo(`${app.url}/api/socket`, `hello ${n}`)),
  )
  await Promise.all(Array.from({ length: 5 }, () => leaveEarly(app)))
}

/** A reader who goes before the API has answered. */
async function leaveEarly(app: SoakApp): Promise<void> {
  const asked = request(`${app.url}/api/never`, { agent: false })
  asked.on('error', () => {})
  asked.end()
  await once(asked, 'finish')
  asked.destroy()
}

/** The status page's live connection, with what it said first. */
async function openStream(app: SoakApp): Promise<{ destroy(): void }> {
  const asked = request(`${app.url}/__ports/events`, { agent: false })
  asked.on('error', () => {})
  asked.end()
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  answer.on('error', () => {}).resume()
  return asked
}

async function crash(app: SoakApp): Promise<void> {
  const before = await apiAnswers(app)
  await get(`${app.url}/api/crash`).catch(() => {})
  await until(async () => (await apiAnswers(app)) !== before, WAIT_MS, 'the API is back')
}

/** Process id of the API. */
async function apiAnswers(app: SoakApp): Promise<string> {
  return await until(
    () => page(app, '/api/', (text) => (/^\d+$/.test(text) ? text : '')),
    WAIT_MS,
    'an answer of the API',
  )
}

async function servicesAre(app: SoakApp, extra: boolean): Promise<void> {
  const has = async (): Promise<boolean> =>
    (await app.tell('state')).services.some((service) => service.startsWith('extra'))
  await until(async () => (await has()) === extra, WAIT_MS, extra ? 'extra' : 'no extra')
}

async function page<T>(app: SoakApp, path: string, read: (text: string) => T): Promise<T | ''> {
  const { status, text } = await get(`${app.url}${path}`)
  return status === 200 ? read(text) : ''
}

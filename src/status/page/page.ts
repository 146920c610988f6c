import type { ExplanationReport } from '../explain.ts'
import type { ActionName } from '../report.ts'
import { ask } from './act.ts'
import { connect } from './connection.ts'
import { copyText } from './copy.ts'
import { el, morph } from './dom.ts'
import { banner, header, titleOf, totals } from './header.ts'
import { checkouts, events, pools } from './machine.ts'
import { showPhone } from './phone.ts'
import { services } from './services.ts'
import type { View } from './view.ts'

/** "Copied" and what came of an action are shown for so long, in milliseconds. */
const COPIED_MS = 1600
const SAID_MS = 6000

const view: View = {
  report: undefined,
  connection: 'connecting',
  open: new Set(),
  explanations: new Map(),
  allEvents: false,
  copied: undefined,
}

const root = el('div', { id: 'ports' })
const said = el('p', { class: 'said', role: 'status' })
document.body.append(root, said)

function render(): void {
  const { report, connection } = view
  const stale = connection === 'lost' || connection === 'ended'
  const main = report
    ? el(
        'main',
        { 'data-key': 'main', class: stale ? 'stale' : undefined },
        totals(report),
        services(report, view),
        checkouts(report),
        pools(report),
        events(report, view),
      )
    : el('main', { 'data-key': 'main', class: 'loading', 'aria-busy': 'true' })
  morph(root, el('div', { id: 'ports' }, header(view), banner(view) ?? '', main, footer()))
  if (report) document.title = titleOf(report)
}

function footer(): HTMLElement {
  const links = ['status.json', 'identity.json', 'metrics'].map((name) =>
    el('a', { href: `./${name}` }, name),
  )
  return el('footer', { 'data-key': 'footer' }, el('span', {}, 'unplugin-ports'), links)
}

async function explain(key: string, service: string): Promise<void> {
  try {
    const response = await fetch(`./explain.json?service=${encodeURIComponent(service)}`)
    const found = response.ok ? ((await response.json()) as ExplanationReport) : undefined
    view.explanations.set(key, found ?? (await response.text()))
  } catch {
    view.explanations.set(key, 'The server did not answer.')
  }
  render()
}

function say(text: string, ok: boolean): void {
  said.textContent = text
  said.className = ok ? 'said shown' : 'said shown failed'
  setTimeout(() => {
    if (said.textContent === text) said.className = 'said'
  }, SAID_MS)
}

const deeds: Record<string, (data: DOMStringMap) => void> = {
  toggle({ key = '', service = '' }) {
    if (!view.open.delete(key)) {
      view.open.add(key)
      if (view.report?.reader === 'local') void explain(key, service)
    }
  },
  copy({ value = '' }) {
    void copyText(value).then((done) => {
      if (!done) return say('The browser does not let this page copy.', false)
      said.className = 'said'
      said.textContent = 'Copied'
      view.copied = value
      render()
      setTimeout(() => {
        if (view.copied !== value) return
        view.copied = undefined
        render()
      }, COPIED_MS)
    })
  },
  events() {
    view.allEvents = !view.allEvents
  },
  phone({ url = '' }) {
    showPhone(url)
  },
  ask({ action, service = '', port }) {
    ask({ action: action as ActionName, service, port: Number(port) }, say)
  },
}

// The elements come and go, so they are listened to from here.
document.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target.closest('[data-do]') : null
  if (!(target instanceof HTMLElement)) return
  deeds[target.dataset.do ?? '']?.(target.dataset)
  render()
})

connect({
  report(report) {
    const before = view.report?.identity.lease
    if (before !== undefined && before !== report.identity.lease) view.explanations.clear()
    view.report = report
    render()
  },
  state(state) {
    view.connection = state
    render()
  },
})
render()

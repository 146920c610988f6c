import type { ServiceReport, StatusReport } from '../report.ts'
import { details } from './details.ts'
import { el } from './dom.ts'
import { lineIcon, stateIcon } from './icons.ts'
import { serviceLook } from './look.ts'
import { copyButton, empty, section } from './parts.ts'
import { sparkline } from './spark.ts'
import { keyOf, type View } from './view.ts'
import { duration, lastPart } from './words.ts'

/** The services of this checkout; each opens to its details. */
export function services(report: StatusReport, view: View): HTMLElement {
  const rows = report.services.map((service) => row(service, report, view))
  return section(
    'services',
    'Services',
    report.envFile === undefined ? undefined : `published in ${report.envFile}`,
    rows.length > 0
      ? el('ul', { class: 'panel rows' }, rows)
      : empty('No services. Name them in the options of ports().'),
  )
}

function row(service: ServiceReport, report: StatusReport, view: View): HTMLElement {
  const key = keyOf(service)
  const look = serviceLook(service)
  const isOpen = view.open.has(key)
  const id = `details-${key.replace(/[^\w-]/g, '_')}`
  const { health, within, description, how } = service
  return el(
    'li',
    { class: `row${isOpen ? ' open' : ''}`, 'data-key': key, 'data-state': look.label },
    el(
      'div',
      { class: 'row-head' },
      stateIcon(look),
      el(
        'div',
        { class: 'row-name' },
        el(
          'h3',
          {},
          el(
            'button',
            {
              type: 'button',
              class: 'row-toggle',
              'data-do': 'toggle',
              'data-key': key,
              'data-service': service.service,
              'aria-expanded': String(isOpen),
              'aria-controls': id,
            },
            service.service,
          ),
          within !== undefined && el('span', { class: 'within' }, within),
        ),
        el('p', { class: 'row-note' }, description ?? how?.replace(' (1 attempt)', '')),
      ),
      address(service, view),
      el(
        'div',
        { class: 'row-latency' },
        health && sparkline(health.history),
        health && health.history.length > 0 && el('span', {}, lastLatency(health)),
      ),
      el('p', { class: `row-state tone-${look.tone}` }, look.label),
      lineIcon('chevron'),
    ),
    el(
      'div',
      { id, class: 'row-details', hidden: !isOpen },
      isOpen && details(service, report, view),
    ),
  )
}

/** Nothing while it does not answer: an old figure would say that it does. */
function lastLatency({ history, latencyMs }: NonNullable<ServiceReport['health']>): string {
  return history.at(-1)?.ok && latencyMs !== undefined ? duration(latencyMs) : '—'
}

function address(service: ServiceReport, view: View): HTMLElement {
  const { port, path, url, link, protocol, state } = service
  if (path !== undefined) {
    return el(
      'div',
      { class: 'row-address' },
      el('code', { class: 'socket', title: path }, lastPart(path)),
      copyButton(path, 'the path', view),
    )
  }
  // Whoever answers there now is somebody else.
  if (state === 'released') {
    return el('div', { class: 'row-address' }, el('code', { class: 'port muted' }, port || '—'))
  }
  if (port === 0) return el('div', { class: 'row-address' }, el('span', { class: 'muted' }, '—'))
  const isWeb = url !== undefined && /^https?:/.test(url)
  const shown = protocol === 'udp' ? `${port}/udp` : String(port)
  const text = el('code', { class: 'port' }, shown)
  return el(
    'div',
    { class: 'row-address' },
    isWeb
      ? el(
          'a',
          { href: `${hereUrl(url)}/`, class: link ? 'primary' : undefined, title: hereUrl(url) },
          text,
          lineIcon('open'),
          el('span', { class: 'visually-hidden' }, ` open ${hereUrl(url)}`),
        )
      : text,
    url !== undefined && copyButton(hereUrl(url), 'the URL', view),
  )
}

/** The URL under the name that this reader uses: `localhost` is another machine's elsewhere. */
export function hereUrl(url: string): string {
  return url.replace(/^(https?:\/\/)localhost(?=[:/]|$)/, `$1${location.hostname}`)
}

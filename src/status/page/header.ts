import type { StatusReport } from '../report.ts'
import { el } from './dom.ts'
import { lineIcon, logo } from './icons.ts'
import { serviceLook } from './look.ts'
import { branchTag, copyButton } from './parts.ts'
import type { Connection, View } from './view.ts'
import { clock, lastPart } from './words.ts'

const CONNECTIONS: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
  ended: 'Server ended',
  refused: 'Refused',
}

/** Whose server this is, and whether what is shown is how it is. */
export function header(view: View): HTMLElement {
  const { report, connection } = view
  const { identity } = report ?? {}
  return el(
    'header',
    { class: 'top', 'data-key': 'top' },
    el(
      'div',
      { class: 'who' },
      logo(),
      el(
        'div',
        {},
        el('h1', {}, nameOf(report), branchTag(identity?.branch)),
        identity?.root !== undefined &&
          el(
            'p',
            { class: 'path' },
            el('span', {}, identity.root),
            copyButton(identity.root, 'the path', view),
          ),
      ),
    ),
    el(
      'div',
      { class: 'top-side' },
      report?.networkUrl !== undefined &&
        el(
          'button',
          {
            type: 'button',
            class: 'button pill',
            'data-key': 'phone',
            'data-do': 'phone',
            'data-url': report.networkUrl,
          },
          lineIcon('phone'),
          'Open on a phone',
        ),
      el(
        'p',
        { class: `connection is-${connection}`, role: 'status', 'data-key': 'connection' },
        el('span', { class: 'dot', 'aria-hidden': 'true' }),
        CONNECTIONS[connection],
      ),
    ),
  )
}

/** The project's name, as far as this reader may know it. */
export function nameOf(report: StatusReport | undefined): string {
  const { root } = report?.identity ?? {}
  return root === undefined ? location.host : lastPart(root)
}

/** What to know when the page is not live. */
export function banner({ connection, report }: View): HTMLElement | undefined {
  const was = report ? ` What you see is how it was at ${clock(report.at)}.` : ''
  const texts: Partial<Record<Connection, string>> = {
    lost: `The connection is lost; the page tries again by itself.${was}`,
    ended: `This server has ended.${was} The page goes on by itself when the server is back.`,
    refused:
      'This server does not show its status here. Open the page at localhost, or load it again.',
  }
  const text = texts[connection]
  if (text === undefined) return undefined
  return el('p', { class: 'banner', role: 'alert', 'data-key': 'banner' }, text)
}

/** How many services are how: a line of figures. */
export function totals({ services }: StatusReport): HTMLElement {
  const looks = services.map(serviceLook)
  const count = (...tones: string[]): number =>
    looks.filter(({ tone }) => tones.includes(tone)).length
  const figures: [number, string, string][] = [
    [services.length, services.length === 1 ? 'service' : 'services', 'all'],
    [count('ok'), 'up', 'ok'],
    [count('wait'), 'waiting', 'wait'],
    [count('warn', 'bad'), 'in trouble', 'bad'],
  ]
  return el(
    'dl',
    { class: 'totals', 'data-key': 'totals' },
    figures.map(([value, label, tone]) =>
      el(
        'div',
        { class: value > 0 ? `tone-${tone}` : 'none' },
        el('dt', {}, label),
        el('dd', {}, value),
      ),
    ),
  )
}

/** The tab's title: trouble first. */
export function titleOf(report: StatusReport): string {
  const { branch } = report.identity
  const trouble = report.services.filter((service) => {
    const { tone } = serviceLook(service)
    return tone === 'bad' || tone === 'warn'
  }).length
  const name = branch === undefined ? nameOf(report) : `${nameOf(report)} (${branch})`
  return `${trouble > 0 ? `${trouble} in trouble · ` : ''}${name} · Ports`
}

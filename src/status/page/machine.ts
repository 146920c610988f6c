import type { CheckoutReport, StatusReport } from '../report.ts'
import { el } from './dom.ts'
import { lineIcon, stateIcon } from './icons.ts'
import { stateLook } from './look.ts'
import { branchTag, empty, section } from './parts.ts'
import { hereUrl } from './services.ts'
import type { View } from './view.ts'
import { clock, countOf, lastPart } from './words.ts'

/** The other checkouts on this machine. */
export function checkouts({ checkouts: all }: StatusReport): HTMLElement {
  return section(
    'checkouts',
    'Other checkouts',
    all.length > 0 ? countOf(all.length, 'checkout') : undefined,
    all.length > 0
      ? el('ul', { class: 'cards' }, all.map(card))
      : empty('No other checkout runs on this machine right now.'),
  )
}

function card({ dir, branch, services }: CheckoutReport, index: number): HTMLElement {
  const front = services.find(({ service, state }) => service === 'dev' && state === 'serving')
  const title = dir === undefined ? `Checkout ${index + 1}` : lastPart(dir)
  return el(
    'li',
    { class: 'panel card', 'data-key': dir ?? String(index) },
    el('h3', {}, title, branchTag(branch)),
    dir !== undefined && el('p', { class: 'path', title: dir }, dir),
    el(
      'ul',
      { class: 'card-services' },
      services.toSorted(frontFirst).map((one) => {
        const look = stateLook(one.state)
        const isWeb = one.url !== undefined && /^https?:/.test(one.url)
        const port = el(
          'code',
          {},
          one.protocol === 'udp' ? `${one.port}/udp` : one.port || 'socket',
        )
        return el(
          'li',
          { 'data-key': `${one.service}-${one.port}` },
          stateIcon(look),
          el('span', { class: 'name', title: one.command }, one.service),
          el('span', { class: 'visually-hidden' }, `: ${look.label}, `),
          isWeb ? el('a', { href: `${hereUrl(one.url ?? '')}/` }, port) : port,
        )
      }),
    ),
    front?.url !== undefined &&
      el(
        'a',
        { class: 'card-link', href: `${hereUrl(front.url)}/__ports/` },
        'Its status page',
        lineIcon('open'),
      ),
  )
}

/** What people look for first; the rest as it is called. */
function frontFirst(
  a: CheckoutReport['services'][number],
  b: CheckoutReport['services'][number],
): number {
  if ((a.service === 'dev') !== (b.service === 'dev')) return a.service === 'dev' ? -1 : 1
  return a.service.localeCompare(b.service)
}

/** How full the pools and ranges are. */
export function pools({ pools: all }: StatusReport): HTMLElement {
  return section(
    'pools',
    'Pools',
    undefined,
    all.length > 0
      ? el(
          'ul',
          { class: 'panel pools' },
          all.map(({ name, range, size, reserved, inUseByOthers, free, share, warnAt }) => {
            const text = `${reserved} reserved, ${inUseByOthers} used by others, ${free} free`
            const isFull = share >= warnAt
            return el(
              'li',
              { 'data-key': name, class: isFull ? 'full' : undefined },
              el(
                'div',
                { class: 'pool-head' },
                el('h3', {}, name),
                el('code', {}, range.join('–')),
                el(
                  'span',
                  { class: 'pool-share' },
                  isFull ? (share < 1 ? 'nearly full · ' : 'full · ') : '',
                  percent(share),
                ),
              ),
              el(
                'progress',
                { max: size, value: reserved + inUseByOthers, 'aria-label': `${name}: ${text}` },
                percent(share),
              ),
              el('p', { class: 'note' }, text),
            )
          }),
        )
      : empty('No pools and no ranges are set. Pools share out ranges: see the option `pools`.'),
  )
}

function percent(share: number): string {
  const value = share * 100
  return `${value > 0 && value < 1 ? '<1' : Math.floor(value)}%`
}

/** Events that are shown at first. */
const FEW = 8

const KINDS = {
  allocated: 'Reserved',
  exhausted: 'No port',
  moved: 'Moved',
  released: 'Released',
  health: 'Health',
  warning: 'Warning',
  action: 'Action',
} as const

/** What happened lately, the latest first. */
export function events({ events: all }: StatusReport, { allEvents }: View): HTMLElement {
  const shown = all.toReversed().slice(0, allEvents ? undefined : FEW)
  return section(
    'events',
    'Recent events',
    undefined,
    shown.length > 0
      ? el(
          'ol',
          { class: 'panel events' },
          shown.map(({ id, at, kind, service, text }) =>
            el(
              'li',
              { 'data-key': String(id), class: `kind-${kind}` },
              el('time', { datetime: new Date(at).toISOString() }, clock(at)),
              el('span', { class: 'kind' }, KINDS[kind]),
              el(
                'span',
                { class: 'what' },
                service !== undefined && el('b', {}, service),
                ` ${text}`,
              ),
            ),
          ),
        )
      : empty('Nothing has happened yet.'),
    all.length > FEW
      ? el(
          'button',
          {
            type: 'button',
            class: 'button quiet',
            'data-do': 'events',
            'aria-expanded': String(allEvents),
          },
          allEvents ? 'Show fewer' : `Show all ${all.length}`,
        )
      : undefined,
  )
}

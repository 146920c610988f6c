import type { HealthReport } from '../report.ts'
import { el, svg } from './dom.ts'
import { clock, duration } from './words.ts'

type Samples = HealthReport['history']

const WIDTH = 132
const HEIGHT = 30
const PAD = 3

/** The latencies of the latest probes as a line; probes that failed are marks on the ground. */
export function sparkline(history: Samples): SVGElement | undefined {
  const good = history.filter(({ ok }) => ok)
  if (history.length < 2) return undefined
  const most = Math.max(1, ...good.map(({ latencyMs }) => latencyMs))
  const x = (index: number): number =>
    round(PAD + (index * (WIDTH - 2 * PAD)) / Math.max(1, history.length - 1))
  const y = (ms: number): number => round(HEIGHT - PAD - (ms / most) * (HEIGHT - 2 * PAD))
  const runs: string[][] = [[]]
  history.forEach(({ ok, latencyMs }, index) => {
    if (ok) runs.at(-1)?.push(`${x(index)},${y(latencyMs)}`)
    else if (runs.at(-1)?.length) runs.push([])
  })
  const last = history.at(-1)
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': inWords(history),
    },
    svg('path', { d: `M${PAD} ${HEIGHT - PAD}H${WIDTH - PAD}`, class: 'spark-ground' }),
    runs
      .filter((run) => run.length > 1)
      .map((points) => svg('polyline', { points: points.join(' '), class: 'spark-line' })),
    history.map(({ ok }, index) =>
      ok
        ? undefined
        : svg('path', { d: `M${x(index)} ${HEIGHT - PAD}v-5`, class: 'spark-failure' }),
    ),
    last?.ok &&
      svg('circle', {
        cx: x(history.length - 1),
        cy: y(last.latencyMs),
        r: 2.2,
        class: 'spark-dot',
      }),
  )
}

/** Every probe as a bar, the failed ones full and striped. */
export function historyChart(history: Samples): HTMLElement {
  const most = Math.max(1, ...history.map(({ latencyMs, ok }) => (ok ? latencyMs : 0)))
  const bars = history.map(({ ok, latencyMs }, index) => {
    const height = ok ? Math.max(2, (latencyMs / most) * 40) : 40
    const place = { x: index * 6, y: round(40 - height), width: 4, height: round(height), rx: 1 }
    return svg('rect', { ...place, class: ok ? 'bar' : 'bar failed' })
  })
  const width = Math.max(1, history.length) * 6 - 2
  const [first, last] = [history[0], history.at(-1)]
  return el(
    'figure',
    { class: 'history' },
    svg(
      'svg',
      {
        viewBox: `0 0 ${width} 40`,
        width,
        height: 40,
        role: 'img',
        'aria-label': inWords(history),
      },
      bars,
    ),
    first &&
      last &&
      el('figcaption', {}, `${clock(first.at)} to ${clock(last.at)}: ${inWords(history)}`),
  )
}

/** `24 probes, 2 failed; 0.4 ms to 12 ms, half of them below 1.1 ms`. */
export function inWords(history: Samples): string {
  const times = history
    .flatMap(({ ok, latencyMs }) => (ok ? [latencyMs] : []))
    .toSorted((a, b) => a - b)
  const failed = history.length - times.length
  const count = `${history.length} probe${history.length === 1 ? '' : 's'}`
  const head = failed > 0 ? `${count}, ${failed} failed` : count
  const [least, middle, most] = [times[0], times[Math.floor(times.length / 2)], times.at(-1)]
  if (least === undefined || middle === undefined || most === undefined) return head
  return `${head}; ${duration(least)} to ${duration(most)}, median ${duration(middle)}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

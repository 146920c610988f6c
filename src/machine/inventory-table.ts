import type colors from 'picocolors'
import { endpointText } from '../net/endpoint.ts'
import type { InventoryRow, PortState } from './inventory.ts'
import { nearPath } from '../reservation/holder-text.ts'

/** How the list is drawn. */
export interface InventoryStyle {
  /** Longest line, in characters. */
  readonly width: number
  readonly colors: Pick<typeof colors, 'bold' | 'cyan' | 'dim' | 'green' | 'yellow'>
  /** Directory that paths are shown relative to. */
  readonly from: string
  /** In milliseconds since 1970. */
  readonly now: number
}

const INDENT = '  '
const GAP = '  '
/** Shorter, a command line tells nothing any more. */
const MIN_COMMAND = 8

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
]

/** The list of ports as lines: one block for each checkout, strangers of no project last. */
export function renderInventory(rows: readonly InventoryRow[], style: InventoryStyle): string[] {
  const { colors: c } = style
  const cells = rows.map((row) => ({ row, ...cellsOf(row, style) }))
  const widths = {
    service: Math.max(0, ...cells.map(({ service }) => service.length)),
    port: Math.max(0, ...cells.map(({ port }) => port.length)),
    state: Math.max(0, ...cells.map(({ state }) => state.length)),
    pid: Math.max(0, ...cells.map(({ pid }) => pid.length)),
    since: Math.max(0, ...cells.map(({ since }) => since.length)),
  }
  const { service, port, state, pid, since } = widths
  const used = INDENT.length + service + port + state + pid + since + 5 * GAP.length
  const room = Math.max(MIN_COMMAND, style.width - used)
  const command = Math.min(room, Math.max(0, ...cells.map((cell) => cell.command.length)))
  let group: string | undefined
  return cells.flatMap((cell) => {
    const line = [
      c.bold(fit(cell.service, service)),
      c.cyan(cell.port.padStart(port)),
      paint(cell.row.state, cell.state.padEnd(state), c),
      fit(cell.command, command),
      c.dim(cell.pid.padEnd(pid)),
      c.dim(cell.since.padStart(since)),
    ]
    const heading = headingOf(cell.row, style)
    const isNew = heading !== group
    const before = isNew ? [...(group === undefined ? [] : ['']), heading] : []
    group = heading
    return [...before, `${INDENT}${line.join(GAP)}`.trimEnd()]
  })
}

/** A time span in its largest whole unit: `12s`, `5m`, `3h`, `2d`. */
export function ageOf(since: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(since))
  const unit = UNITS.find(([size]) => ms >= size)
  return unit ? `${Math.floor(ms / unit[0])}${unit[1]}` : '0s'
}

function cellsOf(row: InventoryRow, { now }: InventoryStyle) {
  const who = row.container === undefined ? (row.command ?? '') : `container ${row.container}`
  return {
    service: row.service ?? '',
    port: endpointText(row),
    state: row.state,
    command: row.state === 'waiting' ? '' : who,
    pid: row.pid === undefined ? '' : `pid ${row.pid}`,
    since: row.since === undefined ? '' : ageOf(row.since, now),
  }
}

function headingOf({ checkout, branch, here }: InventoryRow, style: InventoryStyle): string {
  const { colors: c, from, width } = style
  if (checkout === undefined) return c.dim('of no project')
  if (here) return `${c.green('this checkout')}${branch ? c.dim(` (${branch})`) : ''}`
  const name = branch ? ` (${branch})` : ''
  return `${fit(nearPath(checkout, from), width - name.length).trimEnd()}${c.dim(name)}`
}

function paint(state: PortState, text: string, c: InventoryStyle['colors']): string {
  if (state === 'serving' || state === 'running') return c.green(text)
  return state === 'waiting' || state === 'held' ? c.yellow(text) : text
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text.padEnd(width)
}

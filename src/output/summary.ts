import type colors from 'picocolors'
import type { Allocation, PortAttempt, PortSource } from '../types.ts'
import { wrapText } from '../utils/wrap-text.ts'
import { endpointText } from '../net/endpoint.ts'
import { isFallback } from '../plan/fallback.ts'
import { attemptText, takenText } from '../reservation/holder-text.ts'

/** One line of the table. */
export interface SummaryRow {
  readonly service: string
  /** Another service whose port this one uses. */
  readonly sharedWith?: string
  readonly allocation?: Pick<
    Allocation,
    'port' | 'protocol' | 'path' | 'url' | 'source' | 'state' | 'attempts' | 'description'
  >
  /** A person opens it, so the URL is shown instead of the port. */
  readonly link: boolean
  /** Another tool's proxy stands before it, and the variable that says so. */
  readonly before?: { readonly url: string; readonly from: string } | undefined
  /** Where the port was said: `--port`, `API_PORT in .env`. */
  readonly from?: string | undefined
  /** Variable that carries the port, and the file that has it. */
  readonly variable?: string | undefined
  /** For a service that is not required and could not be had. */
  readonly failed?: readonly PortAttempt[]
  /** Why it has none, where that is not about a port. */
  readonly without?: string
}

/** How the table is drawn. */
export interface SummaryStyle {
  /** Columns of the terminal; lines are broken to fit. */
  readonly width: number
  readonly colors: Pick<typeof colors, 'bold' | 'cyan' | 'dim' | 'green'>
  /** Directory that paths are shown relative to. */
  readonly from: string
  readonly branch?: string | undefined
  /** The checkout is a linked git worktree, which has ports of its own. */
  readonly linked?: boolean
  readonly envFile?: string | undefined
  /** URL of the status page. */
  readonly page?: string | undefined
  readonly full: boolean
}

const LABELS: Record<PortSource, string> = {
  typed: 'typed',
  env: 'from',
  preferred: 'preferred',
  sticky: 'remembered',
  range: 'from its range',
  any: 'any free port',
}
const INDENT = '     '
const GAP = '   '
/** Columns before what stands behind `➜  Ports:`. */
const HEAD_WIDTH = 14
/** A gap and a few words must fit beside the columns, or the reason gets a line of its own. */
const MIN_REASON = 24

/** The allocation summary as lines, ready to print after the bundler's own URLs. */
export function renderSummary(rows: readonly SummaryRow[], style: SummaryStyle): string[] {
  if (rows.length === 0) return []
  const { colors: c } = style
  const cells = rows.map((row) => cellsOf(row, style))
  const nameWidth = Math.max(...cells.map((cell) => cell.name.length))
  const placeWidth = Math.max(...cells.map((cell) => cell.place.length))
  const lines = cells.flatMap((cell) => {
    const head = `${INDENT}${c.bold(cell.name.padEnd(nameWidth))}${GAP}`
    const used = INDENT.length + nameWidth + GAP.length + placeWidth + GAP.length
    const place = cell.link ? c.cyan(cell.place) : cell.place
    const pad = ' '.repeat(placeWidth - cell.place.length)
    const room = style.width - used
    if (!cell.reason) return [(head + place).trimEnd()]
    if (room >= Math.min(MIN_REASON, cell.reason.length)) {
      const [first = '', ...more] = wrapText(cell.reason, room)
      const rest = more.map((line) => ' '.repeat(used) + c.dim(line))
      return [`${head}${place}${pad}${GAP}${c.dim(first)}`, ...rest]
    }
    if (!cell.place) return [head + c.dim(cell.reason)]
    const indent = INDENT.length + nameWidth + GAP.length
    const below = wrapText(cell.reason, Math.max(16, style.width - indent))
    return [head + place, ...below.map((line) => ' '.repeat(indent) + c.dim(line))]
  })
  const totals = style.full ? ['', INDENT + c.dim(totalsOf(rows))] : []
  return [...titleOf(style), '', ...lines, ...totals, '']
}

/** The page's URL and the branch, on one line if they fit there. */
function titleOf({ colors: c, page, branch, width }: SummaryStyle): string[] {
  const head = `  ${c.green('➜')}  ${c.bold('Ports')}:`
  const link = page && c.cyan(page)
  const name = branch && c.dim(branch)
  const fits = HEAD_WIDTH + (page ?? '').length + GAP.length + (branch ?? '').length <= width
  if (!link || !name || fits) return [[head, link, name].filter(Boolean).join(GAP)]
  return [head + GAP + link, ' '.repeat(HEAD_WIDTH) + name]
}

interface Cells {
  name: string
  place: string
  link: boolean
  reason: string
}

function cellsOf(row: SummaryRow, style: SummaryStyle): Cells {
  const { allocation } = row
  const name = row.service
  if (row.sharedWith) {
    return { name, place: '', link: false, reason: `shared with ${row.sharedWith}` }
  }
  if (!allocation) {
    const last = row.failed?.at(-1)
    const why = last && `${endpointText(last)} ${attemptText(last, style.from)}`
    const reason = row.without ?? why ?? 'no free port'
    return { name, place: 'none', link: false, reason: `not required; ${reason}` }
  }
  const place = row.link ? `${row.before?.url ?? allocation.url}/` : endpointText(allocation)
  return { name, place, link: row.link, reason: reasonOf(row, allocation, style) }
}

/** How a port came to be chosen, in one line: `fallback (2 attempts): 5173 is held by vite in ../shop`. */
export function howChosen(
  row: SummaryRow,
  { source, attempts }: Pick<NonNullable<SummaryRow['allocation']>, 'source' | 'attempts'>,
  style: Pick<SummaryStyle, 'from' | 'linked'>,
): string {
  const label = labelOf(row, { source, attempts }, style)
  const passed = attempts.find((attempt) => attempt.rejected !== undefined)
  const past = attempts.at(-1)?.holder
  let why = passed ? `: ${endpointText(passed)} ${attemptText(passed, style.from)}` : ''
  // That somebody else will miss the port is worth more than why it was not another one.
  if (past?.via === 'memory') why = `: ${takenText(past, style.from)}`
  return `${label} (${countOf(attempts)})${why}`
}

function reasonOf(
  row: SummaryRow,
  allocation: NonNullable<SummaryRow['allocation']>,
  style: SummaryStyle,
): string {
  const { state, description } = allocation
  const notes = [description]
  if (row.before) notes.push(`${row.before.from} is before port ${endpointText(allocation)}`)
  if (state === 'running') notes.push('already running')
  if (state === 'leased') {
    const { variable } = row
    notes.push(
      variable && style.envFile
        ? `start it on ${variable} from ${style.envFile}`
        : 'waiting for its server',
    )
  }
  return [howChosen(row, allocation, style), ...notes].filter(Boolean).join('; ')
}

function labelOf(
  { from }: SummaryRow,
  { source, attempts }: { source: PortSource; attempts: readonly PortAttempt[] },
  { linked }: Pick<SummaryStyle, 'linked'>,
): string {
  if (source === 'env' || source === 'typed') return `from ${from ?? 'you'}`
  // Nothing went wrong: the preferred ports are the main checkout's.
  if (linked && source === 'range') return "this worktree's own"
  return isFallback(source, attempts) ? 'fallback' : LABELS[source]
}

function countOf(attempts: readonly PortAttempt[]): string {
  return attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`
}

function totalsOf(rows: readonly SummaryRow[]): string {
  const own = rows.filter((row) => !row.sharedWith)
  const had = own.flatMap((row) => (row.allocation ? [row.allocation] : []))
  const fallback = had.filter(({ source, attempts }) => isFallback(source, attempts)).length
  const attempts = own.reduce(
    (sum, row) => sum + (row.allocation?.attempts ?? row.failed ?? []).length,
    0,
  )
  const rate = own.length === 0 ? 100 : Math.round((100 * had.length) / own.length)
  return `${own.length} ${own.length === 1 ? 'service' : 'services'}: ${had.length - fallback} as wanted, ${fallback} fallback, ${attempts} attempts, ${rate}% allocated`
}

/** What is remembered of one root: the content of its file. */
export interface RootRecord {
  readonly root: string
  /** Directory of the checkout that the root lies in. */
  readonly checkout: string
  readonly branch?: string | undefined
  /** With a linked git worktree: see `Checkout.gitDir`. */
  readonly gitDir?: string | undefined
  /** Where the root's path means something: see `mountsHere`. Absent in what older versions wrote. */
  readonly mounts?: string | undefined
  readonly services: ReadonlyMap<string, ServiceRecord>
}

/** What is remembered of one service; at least one of the ports is there. */
export interface ServiceRecord {
  /** The last port that was chosen for it, to be chosen again. */
  readonly port?: number | undefined
  /** The port of its last run, where a person named it for that run: others keep off, but it is not chosen again. */
  readonly asked?: number | undefined
  /** The root's own process listened there, not a server that somebody else starts. */
  readonly held?: boolean
  /** Default `'tcp'`. */
  readonly protocol?: 'udp' | undefined
  /** Day of its last run, UTC: `2026-08-01`. No time, so that a day's second start writes nothing. */
  readonly usedOn: string
}

/** A file's meaning: its record, or why it has none. */
export type ParsedRecord = RootRecord | 'damaged' | 'newer'

/** What a service that nobody starts any more keeps its ports for, in days on which its root is used. */
const FORGET_SERVICE_DAYS = 30
const DAY_MS = 86_400_000
const VERSION = 1
const MAX_TEXT = 4096

/** The text of a record's file. */
export function renderRecord({
  root,
  checkout,
  branch,
  gitDir,
  mounts,
  services,
}: RootRecord): string {
  const value = {
    v: VERSION,
    root,
    checkout,
    branch,
    gitDir,
    mounts,
    services: Object.fromEntries(services),
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

/**
 * Reads what {@link renderRecord} wrote. Services that make no sense are left out.
 *
 * @param lastUsedAt When the root was last used, in milliseconds since 1970. Services that had not
 * been used for 30 days by then are left out: they are gone from the project.
 * @returns `'newer'` for a format that is not known yet, `'damaged'` for anything else.
 */
export function parseRecord(text: string, lastUsedAt: number): ParsedRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'damaged'
  }
  if (!isObject(value)) return 'damaged'
  const { v, root, checkout, branch, gitDir, mounts, services } = value
  if (typeof v === 'number' && v > VERSION) return 'newer'
  if (v !== VERSION || !isText(root) || !isText(checkout) || !isObject(services)) return 'damaged'
  const kept = Object.entries(services).flatMap(([name, entry]): [string, ServiceRecord][] => {
    const service = parseService(entry)
    return service && !isForgotten(service, lastUsedAt) ? [[name, service]] : []
  })
  const more = {
    ...(isText(branch) && { branch }),
    ...(isText(gitDir) && { gitDir }),
    ...(isText(mounts) && { mounts }),
  }
  return { root, checkout, ...more, services: new Map(kept) }
}

/** The day of a time, as in {@link ServiceRecord.usedOn}. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** The latest time at which `service` can have been used, in milliseconds since 1970. */
export function lastUseOf({ usedOn }: ServiceRecord, lastUsedAt: number): number {
  return Math.min(lastUsedAt, Date.parse(usedOn) + DAY_MS - 1)
}

function isForgotten(service: ServiceRecord, lastUsedAt: number): boolean {
  return lastUsedAt - lastUseOf(service, lastUsedAt) > FORGET_SERVICE_DAYS * DAY_MS
}

function parseService(value: unknown): ServiceRecord | undefined {
  if (!isObject(value)) return undefined
  const { port, asked, held, protocol, usedOn } = value
  const ports = { ...(isPort(port) && { port }), ...(isPort(asked) && { asked }) }
  if (Object.keys(ports).length === 0) return undefined
  if (protocol !== undefined && protocol !== 'udp') return undefined
  if (typeof usedOn !== 'string' || !isDay(usedOn)) return undefined
  return { ...ports, ...(held === true && { held }), ...(protocol && { protocol }), usedOn }
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

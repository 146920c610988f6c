import { setTimeout as delay } from 'node:timers/promises'
import { processFacts } from '../net/owners/process-facts.ts'
import { containerText } from './port-text.ts'
import { orderOwner } from './give-orders.ts'
import type { Here } from './leases-here.ts'
import { type Listener, type Looking, lookAt, type PortView } from './look-at.ts'

/** A process that can be told from any other that gets its number later. */
export type KnownListener = Listener & { readonly pid: number }

/** What stopping whatever is on a port comes to. */
export type StopPlan =
  /** A command that `ports run` of this checkout started; its owner ends it. */
  | { readonly kind: 'own'; readonly view: PortView }
  /** Somebody's processes, which must be agreed upon. */
  | {
      readonly kind: 'processes'
      readonly view: PortView
      readonly listeners: readonly KnownListener[]
    }
  | { readonly kind: 'nobody'; readonly view: PortView; readonly advice: string }
  | { readonly kind: 'refused'; readonly view: PortView; readonly why: string }

/** What came of it. */
export type StopResult =
  | 'stopped'
  /** It is not the process any more that was agreed upon, so nothing was done. */
  | 'changed'
  /** It has been asked to end and is still there. */
  | 'still-there'
  /** The system does not let this user end it. */
  | 'not-permitted'

const POLL_MS = 50
/** An owner that still keeps the port so long after its command has ended goes on, in milliseconds. */
const IDLE_MS = 1000
/** Numbers up to this are the system's own. */
const MAX_SYSTEM_PID = process.platform === 'win32' ? 4 : 1

/** Finds out what stopping `port` would do. Does nothing yet. */
export async function planStop(port: number, here: Here, looking: Looking): Promise<StopPlan> {
  const view = (await lookAt([port], looking)).get(port) ?? { port, listeners: [] }
  const { lease, listeners, container } = view
  if (lease?.runs && lease.checkout === here.checkout.dir) {
    return { kind: 'own', view }
  }
  if (container) {
    const why = `it belongs to ${containerText(container)}: \`docker stop ${container.name}\` ends that.`
    return { kind: 'refused', view, why }
  }
  if (listeners.length === 0) {
    const advice = lease
      ? `it is only kept free: \`ports release ${port}\` gives it up.`
      : 'nobody listens there.'
    return { kind: 'nobody', view, advice }
  }
  const known = listeners.filter(
    (listener): listener is KnownListener => listener.pid !== undefined,
  )
  if (known.length < listeners.length) {
    return { kind: 'refused', view, why: "its process is another user's, who alone may stop it." }
  }
  const ours = known.find(({ pid }) => pid === process.pid || pid === process.ppid)
  if (ours || known.some(({ pid }) => pid <= MAX_SYSTEM_PID)) {
    const why = ours ? 'this command runs inside of it.' : 'it is a process of the system.'
    return { kind: 'refused', view, why }
  }
  return { kind: 'processes', view, listeners: known }
}

/**
 * Asks the owner of a command to end it, and waits. `ports run` ends with its command; a bundler or
 * `ports dev` goes on and keeps the port for the next start.
 */
export async function stopOwn(
  view: PortView,
  timeoutMs: number,
  here: Here,
  looking: Looking,
): Promise<StopResult> {
  const { lease, port } = view
  if (!lease) return 'changed'
  const outcome = await orderOwner(lease, 'stop', here.place)
  if (outcome === 'unreachable') return 'not-permitted'
  if (!outcome.ok) return 'changed'
  const end = performance.now() + timeoutMs
  let idleSince: number | undefined
  for (;;) {
    const now = (await lookAt([port], looking)).get(port)
    const isKept = now?.lease?.pid === lease.pid
    const there = now?.listeners.filter(({ pid }) => isAmong(pid, view)) ?? []
    if (!isKept && there.length === 0) return 'stopped'
    const isIdle = isKept && !now.lease?.serving && there.every(({ pid }) => pid === lease.pid)
    idleSince = isIdle ? (idleSince ?? performance.now()) : undefined
    if (idleSince !== undefined && performance.now() - idleSince > IDLE_MS) return 'stopped'
    if (performance.now() > end) return 'still-there'
    await delay(POLL_MS)
  }
}

/**
 * Sends SIGTERM to each of the processes, in turn, and waits for its end. Right before, each must be
 * the very process that was agreed upon and still listen on the port; otherwise nothing is sent.
 */
export async function stopProcesses(
  port: number,
  agreed: readonly KnownListener[],
  timeoutMs: number,
  looking: Looking,
): Promise<StopResult> {
  const end = performance.now() + timeoutMs
  let stopped = 0
  for (const listener of agreed) {
    const present = (await lookAt([port], looking)).get(port)?.listeners ?? []
    const same = present.find(({ pid }) => pid === listener.pid)
    // It went with one of those before it, or by itself.
    if (!same) continue
    if (!isSameProcess(same, listener)) return 'changed'
    try {
      process.kill(listener.pid, 'SIGTERM')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ESRCH') continue
      return 'not-permitted'
    }
    if (!(await ended(listener, end))) return 'still-there'
    stopped++
  }
  return stopped > 0 ? 'stopped' : 'changed'
}

function isAmong(pid: number | undefined, { listeners }: PortView): boolean {
  return pid !== undefined && listeners.some((listener) => listener.pid === pid)
}

/** The same number, start and command line. A start that the system does not tell is compared as such. */
function isSameProcess(a: Listener, b: Listener): boolean {
  return a.pid === b.pid && a.startedAt === b.startedAt && a.command === b.command
}

async function ended({ pid, startedAt }: KnownListener, end: number): Promise<boolean> {
  for (;;) {
    const facts = await processFacts(pid)
    // A zombie is dead, and a reused number is somebody else.
    if (!facts || facts.startedAt !== startedAt) return true
    if (performance.now() > end) return false
    await delay(POLL_MS)
  }
}

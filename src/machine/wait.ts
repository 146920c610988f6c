import { setTimeout as delay } from 'node:timers/promises'
import { PortsError } from '../errors.ts'
import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import { addressesOf } from '../program/lookup.ts'
import { probeState, SILENT } from '../program/wait-for.ts'
import { findService, noService } from './find-target.ts'
import type { Here } from './leases-here.ts'
import { type Looking, lookAt, whosePort } from './look-at.ts'
import { portText } from './port-text.ts'

/** What is waited for: a service of this checkout, which may be still to come, or a place. */
export type WaitFor =
  | { readonly service: string }
  | {
      readonly port: number
      readonly host: string
      readonly secure: boolean
      /** Path of a page; then `'healthy'` wants HTTP. */
      readonly path?: string
      /** On another machine, so nobody can tell whose it is. */
      readonly remote: boolean
      /** For people: `port 3000`, the URL. */
      readonly name: string
    }

/** How {@link waitForPort} waits. */
export interface WaitHow {
  readonly state: 'open' | 'closed' | 'healthy'
  /** In milliseconds. */
  readonly timeoutMs: number
  /** A server of another checkout will do. */
  readonly any: boolean
}

/** How it ended. */
export type WaitEnd =
  | { readonly end: 'reached'; readonly port: number | undefined }
  /** A server of another checkout is in the way; `who` is for people. */
  | { readonly end: 'foreign'; readonly port: number; readonly who: string }

const INTERVAL_MS = 100
/** One probe is given up after this, in milliseconds; a server that starts may be silent for a while. */
const PROBE_TIMEOUT_MS = 5000
/** What every probe has at least, also when the time is nearly up, in milliseconds. */
const LEAST_PROBE_MS = 50

/**
 * Waits until a server is there (or gone). Ports that are only held count as closed: somebody will
 * serve on them, but does not yet.
 *
 * @throws PortsError `PORTS_TIMEOUT`, saying what was seen last.
 */
export async function waitForPort(
  what: WaitFor,
  { state, timeoutMs, any }: WaitHow,
  here: Here,
  looking: Looking,
): Promise<WaitEnd> {
  const end = performance.now() + timeoutMs
  let seen = ''
  let last: number | undefined
  for (;;) {
    const target = 'port' in what ? what : await locate(what.service, here)
    last = target?.port ?? last
    if (!target) {
      // A service that was never there has nothing that could go.
      if (state === 'closed') return { end: 'reached', port: last }
      seen = 'service' in what ? await noService(what.service, here) : seen
    } else {
      const sight = await look(target, state, end, here)
      // A probe that the end of the time cut short says less than the one before.
      if (!seen || sight.text !== SILENT) seen = sight.text
      if (sight.state) {
        const { port } = target
        if (any || state === 'closed' || target.remote) return { end: 'reached', port }
        const view = (await lookAt([port], looking)).get(port)
        if (!view || whosePort(view, here.checkout.dir) !== 'foreign') {
          return { end: 'reached', port }
        }
        return { end: 'foreign', port, who: portText(view, here.checkout.dir) }
      }
    }
    if (performance.now() + INTERVAL_MS > end) {
      const name = 'port' in what ? what.name : `"${what.service}"`
      throw new PortsError(
        'PORTS_TIMEOUT',
        await timedOut(name, state, timeoutMs, seen, last, here, looking),
      )
    }
    await delay(INTERVAL_MS)
  }
}

type Place = Exclude<WaitFor, { service: string }>

async function locate(service: string, here: Here): Promise<Place | undefined> {
  const lease = await findService(service, here)
  if (!lease) return undefined
  const { port } = lease
  return { port, host: 'localhost', secure: false, remote: false, name: `"${service}"` }
}

async function look(
  target: Place,
  state: WaitHow['state'],
  end: number,
  { place }: Here,
): Promise<{ state: boolean; text: string }> {
  const { port, remote } = target
  const lease = remote
    ? undefined
    : await askLease(port, leaseName(port, place.platform, place.stateDir))
  if (lease?.state === 'held' && !lease.serving) {
    return { state: state === 'closed', text: 'it is held for its server, which has not started' }
  }
  const left = Math.min(PROBE_TIMEOUT_MS, Math.max(LEAST_PROBE_MS, end - performance.now()))
  const asked = { port, hosts: addressesOf(target.host), secure: target.secure }
  return probeState(asked, state, target.path, AbortSignal.timeout(Math.ceil(left)))
}

async function timedOut(
  name: string,
  state: WaitHow['state'],
  timeoutMs: number,
  seen: string,
  port: number | undefined,
  here: Here,
  looking: Looking,
): Promise<string> {
  const view = port === undefined ? undefined : (await lookAt([port], looking)).get(port)
  const who = view && (view.lease ?? view.listeners[0] ?? view.container)
  const there = who ? ` On ${port}: ${portText(view, here.checkout.dir)}.` : ''
  const advice =
    state === 'closed'
      ? 'Stop it with `ports stop`, or wait longer with --timeout.'
      : 'Look at the output of its server, or wait longer with --timeout.'
  const wanted = { open: 'listening', closed: 'gone', healthy: 'healthy' }[state]
  return `${name} was not ${wanted} within ${timeoutMs / 1000} s: ${seen.replace(/\.$/, '')}.${there} ${advice}`
}

import { setTimeout as delay } from 'node:timers/promises'
import { PortsError } from '../errors.ts'
import { type ProbeTarget, probeConnect, probePage } from './probes.ts'
import type { WaitOptions, WaitState } from './types.ts'

const TIMEOUT_MS = 30_000
const INTERVAL_MS = 100
/** One probe is given up after this, in milliseconds; a server that starts may be silent for a while. */
const PROBE_TIMEOUT_MS = 5000

/** What every probe has at least, also when the time is nearly up, in milliseconds. */
const LEAST_PROBE_MS = 50
/** The longest that a timer of Node can be set to, in milliseconds. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1

const OPEN = 'it still accepts connections'
const CLOSED = 'nobody accepts connections there'
/** What is seen of a server that accepts and says nothing. */
export const SILENT = 'it did not answer'

/** What is waited for. */
export interface WaitTarget {
  readonly port: number
  /** For people: `"api"`, or `port 3000`. */
  readonly name: string
  /** Addresses on which it may be; one is enough. */
  readonly hosts: readonly string[]
  /** Known to speak TLS. */
  readonly secure: boolean
  /** The port is held by this process, and no server has adopted it yet. */
  isHeld(): boolean
  /** Who is there, for people; asked when the time is up. */
  holder(): Promise<string | undefined>
}

/** What one probe saw: whether it is the state asked for, and the sentence for a timeout. */
export interface Sight {
  readonly state: boolean
  readonly text: string
}

/**
 * Waits until `target` is in the state. Keeps the process alive.
 *
 * @throws PortsError `PORTS_TIMEOUT`; or whatever `signal` was aborted with.
 */
export async function waitFor(target: WaitTarget, options: WaitOptions): Promise<void> {
  const { state = 'open', timeoutMs = TIMEOUT_MS, intervalMs = INTERVAL_MS, signal } = options
  const end = performance.now() + timeoutMs
  let seen: Sight | undefined
  for (;;) {
    signal?.throwIfAborted()
    const left = Math.max(LEAST_PROBE_MS, end - performance.now())
    const sight = await look(target, state, options.path, anySignal(signal, left))
    signal?.throwIfAborted()
    if (sight.state) return
    // A probe that the end of the time cut short says less than the one before.
    if (!seen || sight.text !== SILENT) seen = sight
    const rest = end - performance.now()
    if (rest <= 0) throw await timedOut(target, state, timeoutMs, seen.text)
    const pause = Math.min(intervalMs, rest, LONGEST_PAUSE_MS)
    await delay(pause, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

function anySignal(signal: AbortSignal | undefined, leftMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(Math.ceil(Math.min(PROBE_TIMEOUT_MS, leftMs)))
  return signal ? AbortSignal.any([signal, timeout]) : timeout
}

async function look(
  target: WaitTarget,
  state: WaitState,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  // Our own hold accepts connections too, for a server to come.
  if (target.isHeld()) {
    return { state: state === 'closed', text: 'it is held and no server has adopted it' }
  }
  return probeState(target, state, path, signal)
}

/**
 * One probe of whoever listens; a port that is only held looks open to it.
 *
 * @param path For `'healthy'`: what is asked for; then the answer must be HTTP. Default `/`.
 */
export async function probeState(
  target: Pick<WaitTarget, 'port' | 'hosts' | 'secure'>,
  state: WaitState,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  if (state === 'healthy') return lookAtPages(target, path, signal)
  const probes = target.hosts.map((host) => probeConnect({ host, port: target.port }, signal))
  const open = (await Promise.all(probes)).includes(true)
  return { state: open === (state === 'open'), text: open ? OPEN : CLOSED }
}

/** The best of what the addresses say: a server may be on one of them only. */
async function lookAtPages(
  { hosts, port, secure }: Pick<WaitTarget, 'port' | 'hosts' | 'secure'>,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  const asked = hosts.map((host) => lookAtPage({ host, port }, secure, path, signal))
  const sights = await Promise.all(asked)
  const there = sights.filter(({ text }) => text !== CLOSED)
  return sights.find(({ state }) => state) ?? there[0] ?? { state: false, text: CLOSED }
}

async function lookAtPage(
  target: ProbeTarget,
  secure: boolean,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  let answer = await probePage(target, path ?? '/', secure, signal)
  // Whether a port speaks TLS can't be seen from its number.
  if (answer === 'other' && !secure) answer = await probePage(target, path ?? '/', true, signal)
  if (typeof answer === 'object') {
    return { state: answer.status < 500, text: `it answered with status ${answer.status}` }
  }
  switch (answer) {
    case 'other':
      return { state: path === undefined, text: 'what it answers is no HTTP' }
    case 'silent':
      return { state: false, text: SILENT }
    case 'refused':
      return { state: false, text: CLOSED }
  }
}

async function timedOut(
  target: WaitTarget,
  state: WaitState,
  timeoutMs: number,
  seen: string,
): Promise<PortsError> {
  const holder = await target.holder()
  const advice =
    state === 'closed'
      ? 'Stop that process, or wait longer with `timeoutMs`.'
      : 'Look at the output of its server, or wait longer with `timeoutMs`.'
  const who = holder ? ` Port ${target.port} is held by ${holder}.` : ''
  return new PortsError(
    'PORTS_TIMEOUT',
    `${target.name} was not ${state} within ${timeoutMs} ms: ${seen}.${who} ${advice}`,
  )
}

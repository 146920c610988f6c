import { setTimeout as delay } from 'node:timers/promises'
import { PortsError } from '../errors.ts'
import { type ProbeTarget, probeConnect, probePage } from './probes.ts'
import type { WaitOptions, WaitState } from './types.ts'

const TIMEOUT_MS = 30_000
const INTERVAL_MS = 100
/** One probe is given up after this, in milliseconds; a server that starts may be silent for a while. */
const PROBE_TIMEOUT_MS = 5000

/** What is waited for. */
export interface WaitTarget {
  readonly port: number
  /** For people: `"api"`, or `port 3000`. */
  readonly name: string
  readonly host: string
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
  for (;;) {
    signal?.throwIfAborted()
    const left = Math.min(PROBE_TIMEOUT_MS, Math.max(1, end - performance.now()))
    const seen = await look(target, state, options.path, anySignal(signal, left))
    signal?.throwIfAborted()
    if (seen.state) return
    if (performance.now() + intervalMs > end) {
      throw await timedOut(target, state, timeoutMs, seen.text)
    }
    await delay(intervalMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

function anySignal(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs))
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
  target: ProbeTarget & Pick<WaitTarget, 'secure'>,
  state: WaitState,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  if (state === 'healthy') return lookAtPage(target, path, signal)
  const open = await probeConnect(target, signal)
  const text = open ? 'it still accepts connections' : 'nobody accepts connections there'
  return { state: open === (state === 'open'), text }
}

async function lookAtPage(
  target: ProbeTarget & Pick<WaitTarget, 'secure'>,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Sight> {
  const ask = (secure: boolean): ReturnType<typeof probePage> =>
    probePage(target, path ?? '/', secure, signal)
  let answer = await ask(target.secure)
  // Whether a port speaks TLS can't be seen from its number.
  if (answer === 'other' && !target.secure) answer = await ask(true)
  if (typeof answer === 'object') {
    return { state: answer.status < 500, text: `it answered with status ${answer.status}` }
  }
  switch (answer) {
    case 'other':
      return { state: path === undefined, text: 'what it answers is no HTTP' }
    case 'silent':
      return { state: false, text: 'it did not answer' }
    case 'refused':
      return { state: false, text: 'nobody accepts connections there' }
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

import { setTimeout as delay } from 'node:timers/promises'
import {
  type Attempt,
  type Ended,
  type Lost,
  runCommand,
  type RunningCommand,
} from '../../child/run-command.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import { keepAlive } from '../../utils/keep-alive.ts'
import type { ProcessState, ServiceProcess } from '../../types.ts'
import { nextAfter } from './backoff.ts'
import { commandOf, environmentOf } from './command.ts'
import type { ProcessContext } from './context.ts'
import { commandText, type ProcessDefinition } from './definition.ts'
import { followStreams } from './streams.ts'

/** Time between two looks at a server of another session, in milliseconds. */
const ELSEWHERE_INTERVAL_MS = 500
/** Somebody who waits for so long, in milliseconds, is told what for. */
const LONG_WAIT_MS = 10_000

/** One service's command: started when its time has come, and started again after a failure. */
export class SupervisedProcess {
  readonly definition: ProcessDefinition
  readonly #context: ProcessContext
  #status: ServiceProcess
  #running: RunningCommand | undefined
  /** Ends whatever the loop waits for at the moment. */
  #wake = new AbortController()
  /** There while it is at work. */
  #loop: Promise<void> | undefined
  #stopping = false
  #closed = false
  /** The command lost its port and is given another. */
  #moving = false

  constructor(definition: ProcessDefinition, context: ProcessContext) {
    this.definition = definition
    this.#context = context
    this.#status = {
      service: definition.service,
      state: 'waiting',
      since: Date.now(),
      command: commandText(definition),
      restarts: 0,
    }
  }

  get service(): string {
    return this.definition.service
  }

  get waitsFor(): readonly string[] {
    return this.definition.waitsFor
  }

  get status(): ServiceProcess {
    return this.#status
  }

  /** Starts it, when its dependencies are there. Does nothing while it runs, or after {@link end}. */
  start(): void {
    if (this.#loop || this.#closed) return
    this.#stopping = false
    this.#wake = new AbortController()
    this.#loop = this.#work(this.#wake.signal).finally(() => {
      this.#loop = undefined
    })
  }

  /** Ends it and all that it started; resolves when nothing is left. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake.abort()
    if (this.#running) this.#set('stopping')
    await keepAlive(Promise.all([this.#running?.end().catch(() => {}), this.#loop]))
    if (this.#status.state !== 'failed') this.#set('stopped', { pid: undefined, reason: undefined })
  }

  /** {@link stop} for good. */
  async end(): Promise<void> {
    this.#closed = true
    await this.stop()
  }

  /** Ends it and starts it again, also after it was left alone. */
  async restart(): Promise<void> {
    const resume = await this.pause()
    resume?.()
  }

  /** Ends it until the returned function is called; `undefined` when it must not be ended now. */
  async pause(): Promise<(() => void) | undefined> {
    if (this.#moving) return undefined
    await this.stop()
    return () => {
      if (this.#loop || this.#closed) return
      this.#set(this.#status.state, { restarts: this.#status.restarts + 1 })
      this.start()
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    let retries = 0
    while (!this.#stopping) {
      if (!(await this.#waitUntilDue(signal))) return
      const startedAt = performance.now()
      const ended = await this.#run()
      if (this.#stopping || !ended) return
      const { exitCode } = ended
      const ranMs = performance.now() - startedAt
      const next = nextAfter({ exitCode, ranMs, retries }, this.definition.restart)
      this.#tellEnd(ended, next)
      if (next.do !== 'restart') return
      retries = next.retries
      await sleep(next.delayMs, signal)
    }
  }

  /** Waits for the dependencies and for a server that somebody else runs; `false` when woken before. */
  async #waitUntilDue(signal: AbortSignal): Promise<boolean> {
    const { session } = this.#context
    for (const service of this.waitsFor) {
      const reason = `waits for "${service}"`
      this.#set('waiting', { reason, pid: undefined })
      const patience = setTimeout(() => {
        this.#context.say(`"${this.service}" ${reason}.`, 'info')
      }, LONG_WAIT_MS)
      patience.unref()
      try {
        await this.#context.ready(service, signal)
      } catch {
        return false
      } finally {
        clearTimeout(patience)
      }
    }
    while (this.#reservation()?.state === 'running') {
      this.#set('elsewhere', { reason: 'a server of this checkout runs already', pid: undefined })
      if (!(await sleep(ELSEWHERE_INTERVAL_MS, signal))) return false
      this.#reservation()?.takeOver()
    }
    // An edit of the config may have given it a command only now.
    if (this.#reservation()?.state === 'leased') this.#reservation()?.takeOver()
    return !signal.aborted && session.uses.size > 0
  }

  /** Runs the command to its end; `undefined` when it can't be started. */
  async #run(): Promise<Ended | undefined> {
    const attempt = this.#attempt()
    if (!attempt) {
      this.#set('failed', { reason: 'no port could be had for it', pid: undefined })
      return undefined
    }
    const { service, definition } = this
    const { write, colors } = this.#context
    const serves = definition.health !== undefined || !definition.healthGiven
    const running = runCommand(attempt, {
      cwd: definition.directory,
      platform: this.#context.platform,
      stdio: ['ignore', 'pipe', 'pipe'],
      ownGroup: true,
      background: true,
      onStart: (child, root) => {
        if (root) this.#context.session.started.set(service, [root])
        followStreams(child, colors, (stream, line) => write({ service, stream, line }))
        this.#set(serves ? 'starting' : 'running', { pid: child.pid, reason: undefined })
      },
      onServing: () => {
        if (this.#status.state === 'starting') this.#set('running')
      },
      again: (lost) => this.#moveOn(lost),
    })
    this.#running = running
    try {
      const ended = await running.ended
      this.#set(this.#status.state, { exitCode: ended.exitCode, pid: undefined })
      return ended
    } catch (error) {
      this.#fail(error)
      return undefined
    } finally {
      this.#running = undefined
      this.#context.session.started.delete(service)
    }
  }

  #attempt(): Attempt | undefined {
    const own = this.#reservation()
    if (!own || own.released) return undefined
    const find = (name: string) => this.#context.reservation(name)
    const sources = {
      env: this.#context.env,
      variables: this.#context.variables(),
      colors: this.#context.colors,
    }
    return {
      ...commandOf(this.definition, own, find),
      // A port that nobody could hold is the server's to bind.
      reservations: own.state === 'held' && own.protocol === 'tcp' ? [own] : [],
      env: environmentOf(this.definition, own, find, sources),
    }
  }

  /** A stranger was faster to bind the port that was let go: on the next one. */
  async #moveOn({ reservation, owner }: Lost): Promise<Attempt | undefined> {
    const who = owner?.pid === undefined ? 'another program' : `process ${owner.pid}`
    const { port } = reservation
    this.#moving = true
    try {
      const moved = await this.#context.session.move(this.service)
      this.#context.say(
        `${who} was faster on ${port}; "${this.service}" is started again on ${moved.to}.`,
        'warn',
      )
      return this.#attempt()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#context.say(`${who} was faster on ${port} of "${this.service}". ${why}`, 'warn')
      return undefined
    } finally {
      this.#moving = false
    }
  }

  #tellEnd({ exitCode, signal }: Ended, next: ReturnType<typeof nextAfter>): void {
    const how = signal ? `was ended by ${signal}` : `has ended with exit code ${exitCode}`
    const { service } = this
    if (next.do === 'stop') {
      this.#set('stopped', { reason: undefined })
      this.#context.say(`"${service}" ${how}.`, 'info')
    } else if (next.do === 'give-up') {
      const { restarts } = this.#status
      const times = restarts > 0 ? ` after ${restarts + 1} starts` : ''
      this.#set('failed', { reason: `${how}${times}` })
      this.#context.say(`"${service}" ${how}${times} and is left alone.`, 'warn')
    } else {
      const seconds = Math.round(next.delayMs / 100) / 10
      this.#set('restarting', { reason: how, restarts: this.#status.restarts + 1 })
      this.#context.say(`"${service}" ${how}; it is started again in ${seconds} s.`, 'warn')
    }
  }

  #fail(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    const isDocker = /^(?:docker|docker-compose)\b/.test(commandText(this.definition))
    const need = isDocker ? '; Docker is needed for it' : ''
    const missing = code === 'ENOENT' ? `no such command or directory${need}` : message
    const reason = `can't be started: ${missing}`
    this.#set('failed', { reason, pid: undefined })
    this.#context.say(
      `"${this.service}" ${reason} (\`${commandText(this.definition)}\` in ${this.definition.directory}).`,
      'warn',
    )
  }

  #reservation(): PortReservation | undefined {
    return this.#context.reservation(this.service)
  }

  #set(state: ProcessState, more: Partial<Record<keyof ServiceProcess, unknown>> = {}): void {
    const before = this.#status
    const since = state === before.state ? before.since : Date.now()
    const all = Object.entries({ ...before, ...more, state, since })
    const said = all.filter(([, value]) => value !== undefined)
    this.#status = Object.fromEntries(said) as unknown as ServiceProcess
    const { pid } = this.#status
    if (state === before.state && (pid === undefined || pid === before.pid)) return
    this.#context.changed({ process: this.#status, before: before.state })
  }
}

/** `false` when `signal` was faster. */
async function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal, ref: false }).catch(() => false)
}

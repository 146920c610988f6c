import { setTimeout as delay } from 'node:timers/promises'
import type { ProxyHop, ProxyRoute, Refusal } from '../../bundlers/adapter.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { Listener } from '../../reservation/listener.ts'
import { isSameProcess, type ProcessMark, processMark } from '../../utils/process-mark.ts'
import type { ServiceGuard } from './guard.ts'
import type { KnownServer, MovedServer } from './moved-server.ts'
import { targetOf } from './target.ts'

/** A search through the machine costs tens of milliseconds; they are this far apart, in milliseconds. */
const SEARCH_INTERVAL_MS = 300
/** While its server is elsewhere, the own port is asked for again this often, in milliseconds. */
const RETURN_INTERVAL_MS = 250
/** A program that was started for the service may take so long, in milliseconds, before it is looked for elsewhere. */
const GRACE_MS = 1000
/** A request waits so long for such a program, in milliseconds; the held socket goes on waiting for it. */
const PATIENCE_MS = 10_000
/** Time between two looks at whether it listens, in milliseconds. */
const LOOK_INTERVAL_MS = 20

/** What a service's route needs of its run. */
export interface RoutedService {
  readonly name: string
  readonly guard: ServiceGuard
  reservation(): PortReservation | undefined
  /** What can be expected of the program that the session starts for it; `undefined` when it starts none. */
  program(): 'coming' | 'ended' | undefined
  /** Loads what looks for servers; a project whose servers are where they belong never does. */
  search(): Promise<ServerSearch>
  say(line: string): void
  /** The clock, which never goes back, in milliseconds. */
  now(): number
}

/** Finds servers, and describes them so that they can be found. */
export interface ServerSearch {
  describe(listener: Listener, mark: ProcessMark): Promise<KnownServer | undefined>
  /** @param left Ports that the service has had before; who is still there is not it. */
  find(known: KnownServer | undefined, left: ReadonlySet<number>): Promise<MovedServer | undefined>
  /** A command line for people. */
  show(command: string | undefined): string
}

/**
 * The route to one service: its own port, or the one on which its server was found when it isn't
 * there. Nothing runs between requests.
 */
export class ServiceRoute implements ProxyRoute {
  readonly #service: RoutedService
  /** The service's own port, and those that it was moved away from. */
  #port: number | undefined
  readonly #left = new Set<number>()
  #known: KnownServer | undefined
  #describing: number | undefined
  #moved: { server: MovedServer; mark: ProcessMark | undefined } | undefined
  #toldMoved = false
  #searching: Promise<void> | undefined
  #expecting: Promise<void> | undefined
  #searchedAt = -Infinity
  #ownAskedAt = -Infinity
  #hop: ProxyHop | undefined
  #hopUrl = ''

  constructor(service: RoutedService) {
    this.#service = service
  }

  /** The port on which its server was found; `undefined` while that is the service's own. */
  get movedTo(): number | undefined {
    this.#noticeMove()
    return this.#moved?.server.port
  }

  /** Its server, as last seen on the service's own port. */
  get known(): KnownServer | undefined {
    return this.#known
  }

  settle(): Promise<void> | undefined {
    const { guard, now } = this.#service
    this.#noticeMove()
    if (this.#moved && now() - this.#ownAskedAt < RETURN_INTERVAL_MS && this.#isAlive()) {
      return undefined
    }
    this.#ownAskedAt = now()
    if (this.#held('coming')) return this.#moved && this.#isAlive() ? undefined : this.#expect()
    const settled = guard.settle()
    return settled ? settled.then(() => this.#follow()) : this.#follow()
  }

  refusal(): Refusal | undefined {
    if (this.#moved) return undefined
    return this.#held('ended') ? { reason: 'ended' } : this.#service.guard.refusal()
  }

  next(): ProxyHop {
    const url = this.url()
    if (!this.#hop || url !== this.#hopUrl) {
      this.#hop = { target: targetOf(new URL(url)) }
      this.#hopUrl = url
    }
    return this.#hop
  }

  failed(): void {
    this.#service.guard.refused()
    if (!this.#moved) return
    this.#moved = undefined
    this.#searchedAt = -Infinity
  }

  /** Where requests go now. */
  url(): string {
    this.#noticeMove()
    const url = this.#service.reservation()?.url ?? this.#hopUrl
    if (!this.#moved) return url
    const moved = new URL(url)
    moved.port = String(this.#moved.server.port)
    return moved.origin
  }

  /** What the guard has seen on the service's own port. */
  seen(listener: Listener): void {
    const pid = listener.owner?.pid
    this.#noticeMove()
    if (listener.verdict !== 'ours' || listener.relay || pid === undefined) return
    if (this.#known?.mark.pid === pid || this.#describing === pid) return
    const mark = processMark(pid)
    if (!mark) return
    this.#describing = pid
    void this.#service
      .search()
      .then((search) => search.describe(listener, mark))
      .then((known) => {
        if (this.#describing === pid) this.#known = known ?? this.#known
      })
      // Without a description it is not followed, that is all.
      .catch(() => {})
      .finally(() => {
        if (this.#describing === pid) this.#describing = undefined
      })
  }

  /** Somebody gave the service another port: its server is expected there, not where it was before. */
  #noticeMove(): void {
    const port = this.#service.reservation()?.port
    if (port === undefined || port === this.#port) return
    if (this.#port !== undefined) this.#left.add(this.#port)
    this.#left.delete(port)
    this.#port = port
    this.#moved = undefined
    this.#toldMoved = false
    this.#searchedAt = -Infinity
  }

  /**
   * The socket that is held for its program is still ours. One that is coming may also pay no heed to
   * the port it was given.
   */
  #held(program: 'coming' | 'ended'): boolean {
    return this.#service.reservation()?.state === 'held' && this.#service.program() === program
  }

  #expect(): Promise<void> {
    this.#moved = undefined
    this.#expecting ??= this.#waitForStarted()
      .finally(() => {
        this.#expecting = undefined
      })
      .then(() => (this.#moved || this.#held('coming') ? undefined : this.settle()))
    return this.#expecting
  }

  async #waitForStarted(): Promise<void> {
    const { now } = this.#service
    const since = now()
    let searchAt = since + GRACE_MS
    while (this.#held('coming') && now() - since < PATIENCE_MS) {
      if (now() >= searchAt) {
        await this.#search()
        if (this.#moved) return
        searchAt = now() + GRACE_MS
      }
      await delay(LOOK_INTERVAL_MS, undefined, { ref: false })
    }
  }

  #follow(): Promise<void> | undefined {
    const { guard, name, reservation, say, now } = this.#service
    const verdict = guard.listener()?.verdict
    if (verdict !== 'nobody' && verdict !== 'foreign') {
      if (this.#toldMoved) say(`"${name}" is on port ${reservation()?.port} again.`)
      this.#toldMoved = false
      this.#moved = undefined
      return undefined
    }
    if (this.#moved && this.#isAlive()) return undefined
    this.#moved = undefined
    if (this.#searching) return this.#searching
    if (now() - this.#searchedAt < SEARCH_INTERVAL_MS) return undefined
    this.#searching = this.#search().finally(() => {
      this.#searchedAt = now()
      this.#searching = undefined
    })
    return this.#searching
  }

  async #search(): Promise<void> {
    const { search, say, name, reservation } = this.#service
    const port = this.#port
    try {
      const { find, show } = await search()
      const server = await find(this.#known, this.#left)
      this.#noticeMove()
      if (!server || port !== this.#port) return
      const mark = server.pid === undefined ? undefined : processMark(server.pid)
      this.#moved = { server, mark }
      this.#toldMoved = true
      say(
        `"${name}" listens on port ${server.port} instead of ${reservation()?.port} (${show(server.command)}${server.pid === undefined ? '' : `, pid ${server.pid}`}): requests go there.`,
      )
    } catch {
      // Nobody found is the answer as well; the request gets the page that says how to start it.
    }
  }

  #isAlive(): boolean {
    const mark = this.#moved?.mark
    return mark === undefined || isSameProcess(mark)
  }
}

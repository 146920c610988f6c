import type { ProxyHop, ProxyRoute, Refusal } from '../../bundlers/adapter.ts'
import { isNobodyListening } from '../../bundlers/proxy-answer.ts'
import { type Balancer, createPicker } from './balance.ts'
import type { Member } from './members.ts'

/** What was found out is taken as it is for this long, in milliseconds. */
const FRESH_MS = 500
/** Older than this it says nothing any more, and a request waits for news, in milliseconds. */
const STALE_MS = 5000
/** A server of this machine that took a connection is trusted for this long, in milliseconds. */
const CONFIRMED_MS = 50

const NOBODY = 'nobody listens'

/** Members of which one is chosen for each request; the next group counts while none of them can serve. */
export interface MemberGroup {
  /** For people. */
  readonly name: string
  readonly members: readonly Member[]
}

/** What a route with several places needs. */
export interface UpstreamRouteOptions {
  readonly service: string
  /** In order of preference. */
  readonly groups: readonly MemberGroup[]
  readonly balancer: Balancer
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number
  say(line: string): void
}

interface Group {
  readonly name: string
  readonly states: readonly State[]
  readonly pick: ReturnType<typeof createPicker>
}

interface State {
  readonly member: Member
  /** Why it can't serve; `undefined` when it can, or nobody asked yet. */
  reason: string | undefined
  asked: boolean
  confirmedAt: number
  /** There while it is asked for a connection; all requests of that moment wait for the same one. */
  confirming: Promise<void> | undefined
}

/**
 * The route to a service that may be in several places. They are probed in parallel, when requests
 * come and the last news is old; nothing runs between requests.
 */
export class UpstreamRoute implements ProxyRoute {
  readonly #options: UpstreamRouteOptions
  readonly #groups: readonly Group[]
  readonly #sentTo = new WeakMap<ProxyHop, State>()
  #probedAt = -Infinity
  /** When that was asked which is known now; a probe under way has no news yet. */
  #newsFrom = -Infinity
  #probing: Promise<void> | undefined
  #said: string | undefined

  constructor(options: UpstreamRouteOptions) {
    this.#options = options
    this.#groups = options.groups.map(({ name, members }) => ({
      name,
      pick: createPicker(options.balancer),
      states: members.map((member) => ({
        member,
        reason: undefined,
        asked: false,
        confirmedAt: -Infinity,
        confirming: undefined,
      })),
    }))
  }

  /** The place that serves, as far as anybody asked; `undefined` while none does. */
  get servedBy(): string | undefined {
    return this.#serving()?.name
  }

  /** The places that don't serve, and why. */
  get failures(): { readonly name: string; readonly reason: string }[] {
    return this.#groups.flatMap(({ states }) =>
      states.flatMap(({ member: { name }, reason }) => (reason ? [{ name, reason }] : [])),
    )
  }

  settle(): Promise<void> | undefined {
    const now = this.#options.now()
    const from = Math.min(this.#probedAt, this.#newsFrom)
    if (now - from > STALE_MS || !this.#serving()) return this.#probe().then(() => this.#confirm())
    if (now - this.#probedAt > FRESH_MS) void this.#probe()
    return this.#confirm()
  }

  refusal(): Refusal | undefined {
    if (this.#serving()) return undefined
    return this.#groups[0]?.states[0]?.member.refusal?.()
  }

  next(): ProxyHop {
    const group = this.#serving() ?? this.#groups[0]
    const states = group?.states ?? []
    const present = states.flatMap((state, index) => (canServe(state) ? [index] : []))
    const state = states[group?.pick(present) ?? 0] as State
    const hop = state.member.hop()
    this.#sentTo.set(hop, state)
    return hop
  }

  failed(hop: ProxyHop | undefined, error: unknown): void {
    const state = hop && this.#sentTo.get(hop)
    if (!state) return
    state.member.failed()
    state.reason ??= isNobodyListening(error) ? NOBODY : String((error as Error).message)
    state.confirmedAt = -Infinity
    this.#probedAt = -Infinity
  }

  #serving(): Group | undefined {
    return this.#groups.find(({ states }) => states.some(canServe))
  }

  /**
   * Asks every place at once, and is done when the first that can serve is certain: those after it
   * may still be thinking.
   */
  #probe(): Promise<void> {
    this.#probing ??= this.#probeAll().finally(() => {
      this.#probing = undefined
    })
    return this.#probing
  }

  async #probeAll(): Promise<void> {
    const from = this.#options.now()
    this.#probedAt = from
    const rounds = this.#groups.map(({ states }) => Promise.all(states.map(probeOne)))
    for (const [index, round] of rounds.entries()) {
      await round
      if (this.#groups[index]?.states.some(canServe)) break
    }
    this.#newsFrom = from
    this.#tell()
  }

  /** Servers of this machine end without a word; a connection is the cheapest question. */
  #confirm(): Promise<void> | undefined {
    const group = this.#serving()
    const now = this.#options.now()
    const old = group?.states.filter(
      (state) => canServe(state) && state.member.confirm && now - state.confirmedAt > CONFIRMED_MS,
    )
    if (!old || old.length === 0) return undefined
    const confirm = (state: State): Promise<void> =>
      (state.confirming ??= this.#confirmOne(state).finally(() => {
        state.confirming = undefined
      }))
    return Promise.all(old.map(confirm)).then(() => {
      if (!group || group.states.some(canServe)) return
      this.#probedAt = -Infinity
      return this.#probe().then(() => {})
    })
  }

  async #confirmOne(state: State): Promise<void> {
    if (await state.member.confirm?.()) state.confirmedAt = this.#options.now()
    else state.reason = NOBODY
  }

  /** One line when another place serves than before; the first one is nothing to speak of. */
  #tell(): void {
    const { service, say } = this.#options
    const name = this.servedBy
    if (name === undefined || name === this.#said) return
    const isUsual = this.#said === undefined && name === this.#groups[0]?.name
    this.#said = name
    if (isUsual) return
    const before = this.#groups.slice(
      0,
      this.#groups.findIndex((group) => group.name === name),
    )
    const reasons = before.flatMap(({ states }) =>
      states.flatMap(({ member, reason }) => (reason ? [`${member.name}: ${reason}`] : [])),
    )
    const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
    say(`requests for "${service}" go to ${name === service ? 'its own server' : name}${why}.`)
  }
}

function canServe({ asked, reason }: State): boolean {
  return asked && reason === undefined
}

async function probeOne(state: State): Promise<void> {
  const reason = await state.member.probe()
  state.asked = true
  state.reason = reason
}

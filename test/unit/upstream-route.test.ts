import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { ProxyHop } from '../../src/bundlers/adapter.ts'
import type { Member } from '../../src/session/proxy/members.ts'
import { targetOf } from '../../src/session/proxy/target.ts'
import { UpstreamRoute } from '../../src/session/proxy/upstream-route.ts'

/** A server that is up or not, and how often that was asked. */
class Place implements Member {
  readonly name: string
  reason: string | undefined
  probes = 0
  /** Until it is called, the next probe has no answer. */
  answer: (() => void) | undefined
  confirm?: () => Promise<boolean>

  constructor(name: string, { local = false, reason }: { local?: boolean; reason?: string } = {}) {
    this.name = name
    this.reason = reason
    if (local) this.confirm = () => Promise.resolve(this.reason === undefined)
  }

  /** The next probes have no answer before `answer` is called. */
  hang(): void {
    this.#hanging = new Promise((resolve) => (this.answer = resolve))
  }
  #hanging: Promise<void> | undefined

  async probe(): Promise<string | undefined> {
    this.probes++
    await this.#hanging
    return this.reason
  }
  hop(): ProxyHop {
    return { target: targetOf(new URL('http://localhost:1')), name: this.name }
  }
  failed(): void {}
}

/** A route through these places, and the clock that it goes by. */
function routeThrough(...places: Place[]): {
  route: UpstreamRoute
  clock: { now: number }
  lines: string[]
  ask: () => Promise<string | undefined>
} {
  const clock = { now: 0 }
  const lines: string[] = []
  const route = new UpstreamRoute({
    service: 'api',
    groups: places.map((place) => ({ name: place.name, members: [place] })),
    balancer: { balance: 'priority', weights: [], random: () => 0 },
    now: () => clock.now,
    say: (line) => lines.push(line),
  })
  const ask = async (): Promise<string | undefined> => {
    await route.settle()
    return route.servedBy && route.next().name
  }
  return { route, clock, lines, ask }
}

test('news half a second old are renewed beside the request; five seconds old, before it', async () => {
  const [own, staging] = [new Place('api'), new Place('staging')]
  const { ask, clock } = routeThrough(own, staging)
  expect(await ask()).toBe('api')
  clock.now = 500
  expect(await ask()).toBe('api')
  expect([own.probes, staging.probes]).toEqual([1, 1])

  own.reason = 'it answers 500'
  clock.now = 501
  expect(await ask()).toBe('api')
  expect([own.probes, staging.probes]).toEqual([2, 2])
  await setImmediate()
  expect(await ask()).toBe('staging')

  own.reason = undefined
  clock.now = 501 + 5001
  expect(await ask()).toBe('api')
})

test('requests that come while old news are renewed wait for them as well, and it is asked once', async () => {
  const [own, staging] = [new Place('api'), new Place('staging')]
  staging.hang()
  const { ask, clock } = routeThrough(own, staging)
  expect(await ask()).toBe('api')
  own.hang()
  clock.now = 10_000
  const both = [ask(), ask(), ask()]
  own.reason = 'down'
  own.answer?.()
  staging.answer?.()
  expect(await Promise.all(both)).toEqual(['staging', 'staging', 'staging'])
  expect(own.probes).toBe(2)
})

test('a local server that has gone is noticed before the request, a request that failed at once', async () => {
  const [own, staging] = [new Place('api', { local: true }), new Place('staging')]
  const { ask, clock, route, lines } = routeThrough(own, staging)
  expect(await ask()).toBe('api')
  own.reason = 'nobody listens'
  expect(await ask()).toBe('api')
  clock.now = 51
  expect(await ask()).toBe('staging')

  own.reason = undefined
  route.failed(route.next(), new Error('socket hang up'))
  staging.reason = 'socket hang up'
  expect(await ask()).toBe('api')
  expect(route.failures).toEqual([{ name: 'staging', reason: 'socket hang up' }])
  expect(lines).toEqual([
    'requests for "api" go to staging (api: nobody listens).',
    'requests for "api" go to its own server.',
  ])
})

test('requests of one moment share one question to a local server', async () => {
  const own = new Place('api', { local: true })
  const { ask, clock, route } = routeThrough(own)
  expect(await ask()).toBe('api')
  let asked = 0
  own.confirm = async () => {
    asked++
    await setImmediate()
    return true
  }
  clock.now = 51
  await Promise.all(Array.from({ length: 16 }, () => route.settle()))
  expect(asked).toBe(1)
  clock.now = 102
  await route.settle()
  expect(asked).toBe(2)
})

test('while nobody serves each request asks again, and what is wrong is known', async () => {
  const [own, staging] = [new Place('api', { reason: 'a' }), new Place('staging', { reason: 'b' })]
  const { ask, route, lines } = routeThrough(own, staging)
  expect([await ask(), await ask()]).toEqual([undefined, undefined])
  expect(own.probes).toBe(2)
  expect(route.failures).toEqual([
    { name: 'api', reason: 'a' },
    { name: 'staging', reason: 'b' },
  ])
  expect(lines).toEqual([])
})

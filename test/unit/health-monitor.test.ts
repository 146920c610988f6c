import { expect, test } from 'vitest'
import { renderHealthMetrics } from '../../src/session/health/metrics.ts'
import { HealthMonitor, MAX_HISTORY, type MonitorClock } from '../../src/session/health/monitor.ts'
import type { ProbeOutcome } from '../../src/session/health/state.ts'

const OK: ProbeOutcome = { ok: true }
const REFUSED: ProbeOutcome = { ok: false, answered: false, reason: 'nobody listens' }

/** A clock that is moved by hand, with the timers that wait for it. */
class HandClock implements MonitorClock {
  time = 1000
  readonly timers = new Set<{ at: number; work: () => void }>()
  now = (): number => this.time
  monotonic = (): number => this.time
  later(work: () => void, delayMs: number): () => void {
    const timer = { at: this.time + delayMs, work }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** Lets the time pass, with everything that is due and what follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms
    for (;;) {
      await settled()
      const next = [...this.timers].toSorted((a, b) => a.at - b.at)[0]
      if (!next || next.at > end) break
      this.time = Math.max(this.time, next.at)
      this.timers.delete(next)
      next.work()
    }
    this.time = end
  }
}

/** Promises that are settled already have been followed up. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

function monitored(outcome: { now: ProbeOutcome }) {
  const clock = new HandClock()
  const changes: string[] = []
  const monitor = new HealthMonitor(({ health, before }) => {
    changes.push(`${before} > ${health.state}`)
  }, clock)
  let probes = 0
  monitor.watch({
    service: 'api',
    intervalMs: 10_000,
    healthyAfter: 1,
    unhealthyAfter: 2,
    probe: async () => {
      probes++
      return outcome.now
    },
  })
  return { clock, changes, monitor, probes: () => probes }
}

test('hours of health: one change, a bounded history, one timer', async () => {
  const { clock, changes, monitor, probes } = monitored({ now: OK })
  await clock.pass(6 * 60 * 60 * 1000)
  expect(changes).toEqual(['starting > healthy'])
  expect(probes()).toBe(6 * 60 * 6 + 1)
  expect(monitor.health('api')?.history).toHaveLength(MAX_HISTORY)
  expect(clock.timers.size).toBe(1)
  monitor.close()
  expect(clock.timers.size).toBe(0)
  expect(monitor.all()).toEqual([])
})

test('a failing service is probed soon, then less often; it recovers with the first success', async () => {
  const outcome: { now: ProbeOutcome } = { now: OK }
  const { clock, changes, monitor, probes } = monitored(outcome)
  await clock.pass(0)
  outcome.now = REFUSED
  await clock.pass(10_000 + 1000)
  expect(changes).toEqual(['starting > healthy', 'healthy > down'])
  expect(monitor.health('api')).toMatchObject({ state: 'down', reason: 'nobody listens' })
  const before = probes()
  await clock.pass(60 * 60 * 1000)
  expect(probes() - before).toBeLessThan(6 * 60 + 5)
  outcome.now = OK
  await clock.pass(10_000)
  expect(changes.at(-1)).toBe('down > healthy')
  expect(monitor.health('api')?.reason).toBeUndefined()
})

test('a machine that slept causes one probe', async () => {
  const { clock, probes } = monitored({ now: OK })
  await clock.pass(0)
  const before = probes()
  clock.time += 8 * 60 * 60 * 1000
  await clock.pass(0)
  expect(probes() - before).toBe(1)
})

test('probes never overlap, and a check waits for the one under way', async () => {
  const clock = new HandClock()
  const monitor = new HealthMonitor(() => {}, clock)
  let running = 0
  let most = 0
  const ends: (() => void)[] = []
  monitor.watch({
    service: 'api',
    intervalMs: 100,
    healthyAfter: 1,
    unhealthyAfter: 2,
    async probe() {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => ends.push(resolve))
      running--
      return OK
    },
  })
  const checks = [monitor.check('api'), monitor.checkAll()]
  await clock.pass(10_000)
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await Promise.all(checks)
  expect(most).toBe(1)
  expect(monitor.health('api')?.state).toBe('healthy')
})

test('what a probe finds after the watching has ended is forgotten', async () => {
  const clock = new HandClock()
  const changes: unknown[] = []
  const monitor = new HealthMonitor((change) => changes.push(change), clock)
  let end = (): void => {}
  monitor.watch({
    service: 'api',
    intervalMs: 100,
    healthyAfter: 1,
    unhealthyAfter: 2,
    async probe() {
      await new Promise<void>((resolve) => (end = resolve))
      return OK
    },
  })
  monitor.close()
  end()
  await settled()
  expect(changes).toEqual([])
  expect(clock.timers.size).toBe(0)
})

test('metrics are what Prometheus reads', async () => {
  const { clock, monitor } = monitored({ now: OK })
  await clock.pass(0)
  const text = renderHealthMetrics(monitor.all(), { branch: 'a"b\\c' })
  expect(text).toContain(
    'ports_service_state{branch="a\\"b\\\\c",service="api",state="healthy"} 1\n',
  )
  expect(text).toContain('ports_service_state{branch="a\\"b\\\\c",service="api",state="down"} 0\n')
  expect(text).toMatch(/^ports_probe_latency_seconds\{.*service="api"\} 0$/m)
  expect(text.endsWith('\n')).toBe(true)
})

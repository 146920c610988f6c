import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterProbe,
  type HealthStatus,
  nextDelay,
  type ProbeOutcome,
  STARTING,
} from '../../src/session/health/state.ts'

const OK: ProbeOutcome = { ok: true }
const REFUSED: ProbeOutcome = { ok: false, answered: false, reason: 'nobody listens' }
const WRONG: ProbeOutcome = { ok: false, answered: true, reason: 'answers with status 500' }
const FOREIGN: ProbeOutcome = { ok: false, stolen: true, who: 'node api.js in ../shop' }
const OUTCOMES = { ok: OK, refused: REFUSED, wrong: WRONG, foreign: FOREIGN }

function states(
  outcomes: readonly (keyof typeof OUTCOMES)[],
  thresholds = { healthyAfter: 1, unhealthyAfter: 2 },
): string[] {
  let status: HealthStatus = STARTING
  return outcomes.map((name) => (status = afterProbe(status, OUTCOMES[name], thresholds)).state)
}

test('a server that has never answered is starting, however long that takes', () => {
  expect(states(['refused', 'refused', 'refused', 'ok'])).toEqual([
    'starting',
    'starting',
    'starting',
    'healthy',
  ])
})

test('one failure is a hiccup, two take it down, one success brings it back', () => {
  expect(states(['ok', 'refused', 'refused', 'refused', 'ok'])).toEqual([
    'healthy',
    'healthy',
    'down',
    'down',
    'healthy',
  ])
})

test('a wrong answer is an answer: it degrades and never takes down', () => {
  expect(states(['wrong', 'wrong', 'wrong', 'ok', 'wrong', 'wrong', 'wrong'])).toEqual([
    'starting',
    'degraded',
    'degraded',
    'healthy',
    'healthy',
    'degraded',
    'degraded',
  ])
})

test("another checkout's server is told at once, and forgotten when it has gone", () => {
  expect(states(['ok', 'foreign', 'refused', 'foreign', 'ok'])).toEqual([
    'healthy',
    'stolen',
    'down',
    'stolen',
    'healthy',
  ])
  expect(states(['foreign', 'refused'])).toEqual(['stolen', 'starting'])
})

test('thresholds count outcomes in a row', () => {
  const slow = { healthyAfter: 2, unhealthyAfter: 3 }
  expect(
    states(['ok', 'refused', 'ok', 'ok', 'refused', 'refused', 'ok', 'refused'], slow),
  ).toEqual([
    'starting',
    'starting',
    'starting',
    'healthy',
    'healthy',
    'healthy',
    'healthy',
    'healthy',
  ])
})

test('property: delays back off to the interval, and a success ends that', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(OK, REFUSED, WRONG, FOREIGN), { maxLength: 40 }),
      fc.integer({ min: 100, max: 60_000 }),
      (outcomes, intervalMs) => {
        let status = STARTING
        let before = 0
        for (const outcome of outcomes) {
          status = afterProbe(status, outcome, { healthyAfter: 1, unhealthyAfter: 2 })
          const delay = nextDelay(status, intervalMs)
          expect(delay).toBeLessThanOrEqual(intervalMs)
          if (outcome.ok) expect(delay).toBe(intervalMs)
          else expect(delay).toBeGreaterThanOrEqual(Math.min(before, intervalMs))
          before = outcome.ok ? 0 : delay
        }
      },
    ),
  )
})

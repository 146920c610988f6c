import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { forAMoment } from '../../src/utils/for-a-moment.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('reads again when the moment is over, and for another key', () => {
  const read = vi.fn((key: string) => `${key}${read.mock.calls.length}`)
  const remembered = forAMoment(1000, read)
  expect(remembered('a')).toBe('a1')
  vi.advanceTimersByTime(999)
  expect(remembered('a')).toBe('a1')
  expect(remembered('b')).toBe('b2')
  expect(remembered('a')).toBe('a3')
  vi.advanceTimersByTime(1000)
  expect(remembered('a')).toBe('a4')
})

test('what fails is tried again at once', () => {
  let times = 0
  const remembered = forAMoment<void, number>(1000, () => {
    if (++times === 1) throw new Error('not yet')
    return times
  })
  expect(() => remembered()).toThrow('not yet')
  expect(remembered()).toBe(2)
})

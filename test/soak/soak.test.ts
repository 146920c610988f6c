import { expect, test } from 'vitest'
import { type Sample, startApp } from './_app.ts'
import { growth } from './_growth.ts'
import { workOneRound } from './_round.ts'

/** `npm run soak` does it for minutes. */
const ROUNDS = 4

test('crashes, edits, moves, restarts and readers leave nothing open', async () => {
  await using app = await startApp()
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await workOneRound(app, round)
    samples.push(await app.tell('sample'))
  }
  expect(growth(samples)).toEqual([])
}, 180_000)

test('growth is told, and a little is none', () => {
  const sample: Sample = { heapMb: 20, rssMb: 100, fds: 30, timers: 1, resources: 9, listeners: 5 }
  const rising = (step: number): Sample[] =>
    Array.from({ length: 8 }, (_, n) => ({ ...sample, heapMb: sample.heapMb + n * step }))
  expect(growth(rising(0.5))).toEqual([])
  expect(growth(rising(3))).toEqual(['heapMb: 29.0 grew to 41.0'])
  expect(growth([sample, sample, sample, { ...sample, listeners: 6 }])).toHaveLength(1)
})

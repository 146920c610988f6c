import { createHash } from 'node:crypto'
import type { Range } from '../options/resolved.ts'
import type { Strategy } from '../types.ts'

/** What an order may depend on. */
export interface OrderInput {
  readonly strategy: Strategy
  /** Equal seeds give equal orders with `'hash'`. */
  readonly seed: string
  /** From 0 up to, but not including, 1. */
  random(): number
}

/** Every port of `range` once, in the order of the strategy; lazy, because mostly the first will do. */
export function orderPorts(range: Range, input: OrderInput): Iterable<number> {
  switch (input.strategy) {
    case 'random':
      return shuffled(range, input.random)
    case 'hash':
      return rotated(range, hashOf(input.seed))
    default:
      return rotated(range, 0)
  }
}

function* rotated({ from, to }: Range, offset: number): Generator<number> {
  const size = to - from + 1
  for (let step = 0; step < size; step++) yield from + ((offset + step) % size)
}

/** Fisher and Yates' shuffle; only places that were swapped are kept. */
function* shuffled({ from, to }: Range, random: () => number): Generator<number> {
  const size = to - from + 1
  const swapped = new Map<number, number>()
  for (let step = 0; step < size; step++) {
    const other = step + Math.floor(random() * (size - step))
    yield from + (swapped.get(other) ?? other)
    swapped.set(other, swapped.get(step) ?? step)
    swapped.delete(step)
  }
}

/** 48 bits, so that the remainder favours no port of a range noticeably. */
function hashOf(seed: string): number {
  return createHash('sha256').update(seed).digest().readUIntBE(0, 6)
}

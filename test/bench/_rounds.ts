import { Bench } from 'tinybench'
import { median, quantile } from './_statistics.ts'

/** One way of doing what a comparison measures. */
export interface Contender {
  readonly name: string
  /** Done over and over; what it takes is measured. */
  run(): Promise<unknown> | unknown
}

/** What one contender took. */
export interface Figures {
  readonly name: string
  /** In milliseconds. */
  readonly median: number
  /** In milliseconds. */
  readonly p99: number
  /** Times the median of the first contender. */
  readonly ratio: number
}

/** How often. */
export interface Effort {
  /** @default 10 */
  readonly rounds?: number
  /** Of each contender in each round. @default 20 */
  readonly iterations?: number
}

/**
 * Lets the contenders take turns, in another order each round, so that what else the machine does
 * falls on all of them. The first one is what the others are compared with.
 */
export async function compare(
  contenders: readonly Contender[],
  { rounds = 10, iterations = 20 }: Effort = {},
): Promise<Figures[]> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    const bench = new Bench({
      iterations: round === 0 ? 2 : iterations,
      time: 0,
      warmup: false,
      throws: true,
      retainSamples: true,
    })
    const turn = round % contenders.length
    for (const { name, run } of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      bench.add(name, async () => void (await run()))
    }
    await bench.run()
    // The first round loads and compiles.
    if (round === 0) continue
    for (const { name, result } of bench.tasks) {
      if ('latency' in result) samples.get(name)?.push(...(result.latency.samples ?? []))
    }
  }
  return figures(samples)
}

/** Sums up measurements in milliseconds, by name; the first name is what the others are compared with. */
export function figures(samples: ReadonlyMap<string, readonly number[]>): Figures[] {
  const rows = [...samples].map(([name, list]) => {
    return { name, median: median(list), p99: quantile(list, 0.99) }
  })
  const floor = rows[0]?.median ?? Number.NaN
  return rows.map((row) => ({ ...row, ratio: row.median / floor }))
}

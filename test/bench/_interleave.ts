import { median } from './_statistics.ts'

/** One of several ways to do the same. */
export interface Contender {
  readonly name: string
  /** Does it for one round and gives what was measured, by metric. */
  run(): Promise<Readonly<Record<string, number>>>
}

/** What was measured of one contender: the median of each metric over all rounds. */
export interface Result {
  readonly name: string
  readonly medians: Readonly<Record<string, number>>
  /** Each median divided by that of the first contender. */
  readonly ratios: Readonly<Record<string, number>>
}

/**
 * Runs the contenders in turns, so that whatever else the machine does meets all of them alike; each
 * round begins with another one. The first round warms up and is not counted.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Result[]> {
  const measured = new Map(contenders.map(({ name }) => [name, new Map<string, number[]>()]))
  for (let round = 0; round <= rounds; round++) {
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length])
    for (const contender of order) {
      if (!contender) continue
      const metrics = await contender.run()
      if (round === 0) continue
      const mine = measured.get(contender.name)
      for (const [metric, value] of Object.entries(metrics)) {
        mine?.set(metric, [...(mine.get(metric) ?? []), value])
      }
    }
  }
  const medians = [...measured].map(([name, metrics]) => ({
    name,
    medians: Object.fromEntries([...metrics].map(([metric, values]) => [metric, median(values)])),
  }))
  const [base] = medians
  return medians.map(({ name, medians: own }) => ({
    name,
    medians: own,
    ratios: Object.fromEntries(
      Object.entries(own).map(([metric, value]) => [
        metric,
        value / (base?.medians[metric] ?? value),
      ]),
    ),
  }))
}

/** Results as a table for people: one row each, every metric with its ratio to the first row's. */
export function renderResults(title: string, results: readonly Result[]): string {
  const metrics = Object.keys(results[0]?.medians ?? {})
  const rows = [
    [title, ...metrics.flatMap((metric) => [metric, 'ratio'])],
    ...results.map(({ name, medians, ratios }) => [
      name,
      ...metrics.flatMap((metric) => [
        (medians[metric] ?? 0).toFixed(2),
        (ratios[metric] ?? 0).toFixed(3),
      ]),
    ]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths?.[0] ?? 0) : cell.padStart(widths?.[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

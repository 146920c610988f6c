import type { Sample } from './_app.ts'

/** What a session may have more of at the end than after it had warmed up. */
const ALLOWED: Readonly<Record<keyof Sample, number>> = {
  // Caches that fill slowly, and code that is compiled late.
  heapMb: 8,
  // Given back to the system late or never, by Node as by any other.
  rssMb: 96,
  fds: 4,
  // Probes and heartbeats that happen to be due.
  timers: 10,
  resources: 14,
  listeners: 0,
}

/** What grew between the second and the last quarter of `samples`, in words; empty when nothing did. */
export function growth(samples: readonly Sample[]): string[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  const from = samples.slice(quarter, 2 * quarter)
  const to = samples.slice(-quarter)
  return (Object.keys(ALLOWED) as (keyof Sample)[]).flatMap((key) => {
    const [before, after] = [median(from, key), median(to, key)]
    if (after - before <= ALLOWED[key]) return []
    return [`${key}: ${before.toFixed(1)} grew to ${after.toFixed(1)}`]
  })
}

function median(samples: readonly Sample[], key: keyof Sample): number {
  const sorted = samples.map((sample) => sample[key]).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

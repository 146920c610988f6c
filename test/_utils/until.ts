/** Thrown by a probe when waiting longer can't help. */
export class Hopeless extends Error {}

/** Polls `probe` until it gives something truthy; fails after `deadlineMs` with what it last said. */
export async function until<T>(
  probe: () => T | Promise<T>,
  deadlineMs = 20_000,
  what = probe.toString(),
): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
      last = value
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = error
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

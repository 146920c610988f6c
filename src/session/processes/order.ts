/** What has to be there before something else. */
interface Dependent {
  readonly service: string
  readonly waitsFor: readonly string[]
}

/**
 * Ends `all`, each one after everything that depends on it has ended; what does not depend on each
 * other ends at the same time.
 */
export async function inReverse<T extends Dependent>(
  all: readonly T[],
  end: (one: T) => Promise<void>,
): Promise<void> {
  const ends = new Map<T, Promise<void>>()
  const endOf = (one: T): Promise<void> => {
    const known = ends.get(one)
    if (known) return known
    const dependents = all.filter((other) => other.waitsFor.includes(one.service))
    const work = Promise.all(dependents.map(endOf)).then(() => end(one))
    ends.set(one, work)
    return work
  }
  await Promise.all(all.map(endOf))
}

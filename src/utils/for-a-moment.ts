/**
 * `read`, whose result is used again for `ms` milliseconds: for what the system is asked over and over
 * within one start, and what does not change meanwhile.
 */
export function forAMoment<Key, Value>(ms: number, read: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, { readonly value: Value; readonly until: number }>()
  return (key) => {
    const now = performance.now()
    const last = known.get(key)
    if (last && now < last.until) return last.value
    const value = read(key)
    // Few keys are asked for in a process, and none is worth keeping when another one is read.
    known.clear()
    known.set(key, { value, until: now + ms })
    return value
  }
}

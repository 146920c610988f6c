/** Items with one key in one list, where the first of them was; those without a key alone. */
export function gather<T extends object>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
): T[][] {
  const lists = new Map<string | T, T[]>()
  for (const item of items) {
    const key = keyOf(item) ?? item
    const list = lists.get(key)
    if (list) list.push(item)
    else lists.set(key, [item])
  }
  return [...lists.values()]
}

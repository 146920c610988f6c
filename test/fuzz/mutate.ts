/** A generator of numbers from 0 to below 1 that says the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Longest input that is made, in characters. */
const MAX_LENGTH = 2000
const ODD = ['\0', '\n', '\r\n', '\uFEFF', '\u00ff', '"', "'", '\\', '{', '}', '[', ']', ' ', '\t']
const NUMBERS = ['0', '-1', '65535', '65536', '1e999', '9007199254740993', '00', '007', '.5', 'NaN']

/** An input that is a little different from one that was of interest. */
export function mutate(
  text: string,
  others: readonly string[],
  words: readonly string[],
  random: () => number,
): string {
  const upTo = (end: number): number => Math.floor(random() * end)
  const one = (list: readonly string[]): string => list[upTo(list.length)] ?? ''
  let result = text
  for (let times = 1 + upTo(4); times > 0; times--) {
    const from = upTo(result.length + 1)
    const to = Math.min(result.length, from + 1 + upTo(random() < 0.8 ? 8 : result.length + 1))
    const [before, middle, after] = [
      result.slice(0, from),
      result.slice(from, to),
      result.slice(to),
    ]
    const changes = [
      () => before + one(words) + middle + after,
      () => before + one(words) + after,
      () => before + one(ODD) + middle + after,
      () => before + String.fromCharCode(upTo(256)) + middle.slice(1) + after,
      () => before + after,
      () => before + middle.repeat(2 + upTo(4)) + after,
      () => before + one(NUMBERS) + after,
      () => before + one(others).slice(upTo(20)) + after,
      () => one(others).slice(0, from) + middle + after,
    ]
    result = (changes[upTo(changes.length)]?.() ?? result).slice(0, MAX_LENGTH)
  }
  return result
}

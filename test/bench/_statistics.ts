/** The middle one of `values`, or of two the higher. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which that share of `values` lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}

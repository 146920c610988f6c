/** The port that a variable's value is about: `3000`, or the end of `http://localhost:3000`. */
export function portInValue(value: string): number | undefined {
  const digits = /^(\d+)$|:(\d+)\/?$/.exec(value)
  return digits ? Number(digits[1] ?? digits[2]) : undefined
}

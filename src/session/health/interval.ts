/** The least that `PORTS_HEALTH_INTERVAL_MS` may ask for, in milliseconds. */
const MIN_INTERVAL_MS = 100

/** The interval that the environment asks for, in milliseconds; `undefined` when it asks for none that will do. */
export function intervalFrom(
  env: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const value = Number(env.PORTS_HEALTH_INTERVAL_MS)
  return Number.isInteger(value) && value >= MIN_INTERVAL_MS ? value : undefined
}

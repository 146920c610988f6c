/** Whether `PORTS=0` leaves every server to itself: no port is reserved, written or shown. */
export function isSwitchedOff(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.PORTS === '0'
}

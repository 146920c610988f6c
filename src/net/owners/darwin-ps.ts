import type { ProcessFacts } from './types.ts'

/** ` 4121 Mon Jan  5 10:11:12 2026     node api.js`: the C locale's `%c` stands in the middle. */
const PS_ROW =
  /^ *(\d+) +[A-Z][a-z]{2} +([A-Z][a-z]{2}) +(\d{1,2}) +(\d\d):(\d\d):(\d\d) +(\d{4}) +(\S.*)$/

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/**
 * Parses `ps -o pid= -o lstart= -o command=`, run in the C locale and in UTC, into facts by pid.
 * Rows of another form are passed over.
 */
export function parsePs(output: string): Map<number, ProcessFacts> {
  const processes = new Map<number, ProcessFacts>()
  for (const line of output.split('\n')) {
    const match = PS_ROW.exec(line)
    if (!match) continue
    const [, pid, monthName = '', day, hours, minutes, seconds, year, command = ''] = match
    const month = MONTHS.indexOf(monthName)
    if (month < 0) continue
    const startedAt = Date.UTC(
      Number(year),
      month,
      Number(day),
      Number(hours),
      Number(minutes),
      Number(seconds),
    )
    processes.set(Number(pid), {
      command: command.trimEnd(),
      startedAt: new Date(startedAt).toISOString(),
    })
  }
  return processes
}

import { fill } from './fields.ts'
import { formatClock, formatMs } from './format.ts'
import type { ApiInfo } from './api-client.ts'

/** Tells how much older the API's port is than its process. */
export function showOrigin({ port, pid, startedAt, listeningAt, reservation }: ApiInfo): void {
  // Started by hand while no Vite ran: nobody had kept the port.
  if (!reservation) return
  const { since, pid: holder, branch } = reservation
  const startedMs = Math.max(0, startedAt - since)
  fill({
    lead: formatMs(startedMs),
    port: String(port),
    since: formatClock(since),
    holder: [`pid ${holder ?? 'unknown'}`, branch && `on ${branch}`].filter(Boolean).join(', '),
    started: `+ ${formatMs(startedMs)}`,
    listening: `+ ${formatMs(Math.max(0, listeningAt - since))}`,
    apiPid: String(pid),
  })
}

import type { Deadline, Findings, OwnerSearch, PortOwner } from './types.ts'

/**
 * Runs `search` for at most `timeoutMs` milliseconds and returns the owners it found by then,
 * keyed by port (0 for a path). Never rejects; ports nobody listens on are absent.
 */
export async function collectOwners<Wanted>(
  search: OwnerSearch<Wanted>,
  wanted: Wanted,
  timeoutMs: number,
): Promise<Map<number, PortOwner[]>> {
  const findings: Findings = { sockets: [], processes: new Map() }
  const end = performance.now() + timeoutMs
  const deadline: Deadline = { remainingMs: () => end - performance.now() }

  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  // A failed search is an incomplete answer, and so is every answer another user's processes hide from.
  const searched = search(wanted, findings, deadline).catch(() => {})
  await Promise.race([searched, timeUp])
  clearTimeout(timer)
  return ownersByPort(findings)
}

function ownersByPort({ sockets, processes }: Findings): Map<number, PortOwner[]> {
  const result = new Map<number, PortOwner[]>()
  for (const port of new Set(sockets.map((socket) => socket.port))) {
    const onPort = sockets.filter((socket) => socket.port === port)
    const pids = new Set(onPort.flatMap((socket) => [...socket.pids]))
    const owners: PortOwner[] = Array.from(pids, (pid) => ({ port, pid, ...processes.get(pid) }))
    owners.sort(creatorFirst)
    if (onPort.some((socket) => socket.pids.size === 0)) owners.push({ port })
    result.set(port, owners)
  }
  return result
}

/** Whoever lived before the others that share a socket made it; they inherited it. */
function creatorFirst(a: PortOwner, b: PortOwner): number {
  const [startA, startB] = [a.startedAt ?? '\uffff', b.startedAt ?? '\uffff']
  if (startA !== startB) return startA < startB ? -1 : 1
  return (a.pid ?? 0) - (b.pid ?? 0)
}

import { parseLsofCwds, parseLsofListeners, parseLsofPath } from './darwin-lsof.ts'
import { parsePs } from './darwin-ps.ts'
import { runTool, type RunTool } from './run-tool.ts'
import type { Deadline, Findings } from './types.ts'

// By path: /usr/sbin is not in everybody's PATH, and nothing else called lsof is meant.
/** Lists files and sockets of processes. */
export const LSOF = '/usr/sbin/lsof'
/** Lists processes. */
export const PS = '/bin/ps'

/** Arguments with which {@link PS} lists what `parsePs` reads. */
export function psArgs(pids: readonly number[]): readonly string[] {
  // One -o for each column: POSIX takes everything behind the first "=" as that column's heading.
  return ['-ww', '-o', 'pid=', '-o', 'lstart=', '-o', 'command=', '-p', pids.join(',')]
}

/** Finds listeners and working directories with lsof, command lines and start times with ps. */
export async function searchDarwin(
  ports: ReadonlySet<number>,
  findings: Findings,
  deadline: Deadline,
  run: RunTool = runTool,
  protocol: 'tcp' | 'udp' = 'tcp',
): Promise<void> {
  const onPorts = `-i${protocol.toUpperCase()}:${[...ports].join(',')}`
  const listening = protocol === 'tcp' ? ['-sTCP:LISTEN'] : []
  const listing = await asker(run, deadline)(LSOF, ['-nPw', onPorts, ...listening, '-F', 'pn'])
  for (const { pid, port } of parseLsofListeners(listing)) {
    if (ports.has(port)) findings.sockets.push({ port, pids: new Set([pid]) })
  }
  await describeProcesses(findings, deadline, run)
}

/** Finds who has the socket at `path` bound; it is in the findings as port 0. */
export async function searchDarwinPath(
  path: string,
  findings: Findings,
  deadline: Deadline,
  run: RunTool = runTool,
): Promise<void> {
  const listing = await asker(run, deadline)(LSOF, ['-nPw', '-F', 'pn', '--', path])
  for (const pid of parseLsofPath(listing, path)) {
    findings.sockets.push({ port: 0, pids: new Set([pid]) })
  }
  await describeProcesses(findings, deadline, run)
}

function asker(
  run: RunTool,
  deadline: Deadline,
): (file: string, args: readonly string[]) => Promise<string> {
  return async (file, args) => (await run(file, args, { timeoutMs: deadline.remainingMs() })) ?? ''
}

async function describeProcesses(
  findings: Findings,
  deadline: Deadline,
  run: RunTool,
): Promise<void> {
  const ask = asker(run, deadline)
  const pids = [...new Set(findings.sockets.flatMap((socket) => [...socket.pids]))]
  if (pids.length === 0) return

  const add = (pid: number, facts: object): void => {
    findings.processes.set(pid, { ...findings.processes.get(pid), ...facts })
  }
  const list = pids.join(',')
  await Promise.all([
    ask(LSOF, ['-nPw', '-a', '-d', 'cwd', '-p', list, '-F', 'pn']).then((output) => {
      for (const [pid, cwd] of parseLsofCwds(output)) add(pid, { cwd })
    }),
    ask(PS, psArgs(pids)).then((output) => {
      for (const [pid, facts] of parsePs(output)) add(pid, facts)
    }),
  ])
}

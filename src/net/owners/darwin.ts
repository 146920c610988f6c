import { parseLsofCwds, parseLsofListeners } from './darwin-lsof.ts'
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
): Promise<void> {
  const ask = (file: string, args: readonly string[]): Promise<string> =>
    run(file, args, { timeoutMs: deadline.remainingMs() }).then((output) => output ?? '')

  const onPorts = `-iTCP:${[...ports].join(',')}`
  const listing = await ask(LSOF, ['-nPw', onPorts, '-sTCP:LISTEN', '-F', 'pn'])
  for (const { pid, port } of parseLsofListeners(listing)) {
    if (ports.has(port)) findings.sockets.push({ port, pids: new Set([pid]) })
  }
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

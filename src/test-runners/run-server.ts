import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import { hereOf } from '../machine/leases-here.ts'
import { releaseEndpoint } from '../machine/release.ts'
import { runProgram } from '../machine/run-program.ts'
import type { SessionWorld } from '../session/world.ts'
import type { ServerTask } from './server-task.ts'

/**
 * Takes the task's port over from its keeper, holds it, and runs the command with it, as `ports run`
 * does. Tests wait for this very port, so no other one will do.
 *
 * @returns The command's exit code.
 * @throws PortsError that says who has the port.
 */
export async function runServer(
  { service, command, port, host, keeper }: ServerTask,
  world: SessionWorld,
  say: (line: string) => void,
): Promise<number> {
  const { place, cwd } = world
  const lease = await askLease(port, leaseName(port, place.platform, place.stateDir))
  if (lease?.pid === keeper)
    await releaseEndpoint(port, { any: true, dry: false }, hereOf(cwd, place))
  return runProgram(
    {
      command: { command, shell: true },
      service,
      preferred: port,
      range: { from: port, to: port },
      host,
      mode: 'auto',
      say,
    },
    world,
  )
}

import { PortsError } from '../errors.ts'
import { registry } from '../reservation/registry.ts'
import type { ServiceProcess } from '../types.ts'

/** The processes of a root's services, whichever plugin or program of this process has them. */
export function processesOf(root: string): ServiceProcess[] {
  return registry().sessions.get(root)?.processes?.all() ?? []
}

/** @throws PortsError `PORTS_NO_SERVICE` when no command runs for such a service. */
export async function restartProcess(service: string, root: string): Promise<void> {
  if (await registry().sessions.get(root)?.processes?.restart(service)) return
  const names = processesOf(root).map((one) => `"${one.service}"`)
  throw new PortsError(
    'PORTS_NO_SERVICE',
    `no command of "${service}" runs for ${root} in this process. ${
      names.length > 0
        ? `There are commands of ${names.join(', ')}.`
        : `Set services.${service}.command.`
    }`,
  )
}

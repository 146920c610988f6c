import { resolve } from 'node:path'
import type { ResolvedService } from '../../options/resolved.ts'
import type { SessionUse } from '../../reservation/session.ts'
import type { SessionWorld } from '../world.ts'
import { definitionOf } from './definition.ts'
import { type ProcessUser, Supervisor } from './supervisor.ts'

/** What a server or program lets be started. */
export interface ProcessAttachment extends Omit<ProcessUser, 'definitions' | 'services'> {
  /** Every service it has. */
  readonly services: readonly ResolvedService[]
  /** Those whose command is started. */
  starts(service: ResolvedService): boolean
}

/** Starts the commands of a use's services, or goes on with those that run already. */
export function attachProcesses(
  use: SessionUse,
  { services, starts, ...user }: ProcessAttachment,
  world: SessionWorld,
): void {
  const { session } = use
  const definitions = services.flatMap((service) => {
    const { process, name } = service
    if (!process || !starts(service) || !use.reservations.has(name)) return []
    const directory = resolve(session.identity.root, process.cwd ?? '.')
    return [definitionOf(service, process, directory, services)]
  })
  if (definitions.length === 0 && !session.processes) return
  session.processes ??= new Supervisor({
    session,
    platform: world.place.platform,
    env: world.env,
    colors: world.colors,
    process: world.process,
  })
  // Whoever made it, it is of this kind: the registry is versioned.
  const supervisor = session.processes as Supervisor
  supervisor.update(use, { ...user, services, definitions })
}

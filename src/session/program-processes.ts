import type { SessionUse } from '../reservation/session.ts'
import type { ResolvedService } from '../options/resolved.ts'
import type { ProcessLine } from './processes/context.ts'
import type { ProcessUser } from './processes/supervisor.ts'
import { publishedVariables } from './reserve.ts'
import type { SessionWorld } from './world.ts'

/** What a program hears of the processes that are started for it. */
export interface ProcessEars extends Partial<Pick<ProcessUser, 'say' | 'changed'>> {
  /** Takes a line of output; `false` when it is to be printed. */
  hear?(line: ProcessLine): boolean
}

/**
 * Starts the commands of what a program has reserved. Their output is printed, each line behind its
 * service's name, unless `ears` take it; what is to be said of them is a warning.
 */
export async function startForProgram(
  use: SessionUse,
  services: readonly ResolvedService[],
  world: SessionWorld,
  ears: ProcessEars = {},
): Promise<void> {
  const [{ attachProcesses }, { Prefixes }, { default: colors }] = await Promise.all([
    import('./processes/attach.ts'),
    import('./processes/prefix.ts'),
    import('picocolors'),
  ])
  const prefixes = new Prefixes(colors)
  attachProcesses(
    use,
    {
      services,
      starts: () => true,
      variables: () => publishedVariables(services, use.reservations),
      stranger: () => Promise.resolve(undefined),
      write: (line) => {
        if (ears.hear?.(line)) return
        world.print(line.stream, `${prefixes.of(line.service)} ${line.line}\n`)
      },
      say: (text, level) => {
        if (ears.say) ears.say(text, level)
        else if (level === 'warn') world.warn(text)
      },
      changed: (change) => ears.changed?.(change),
    },
    world,
  )
}

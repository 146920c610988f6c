import { basename, relative, sep } from 'node:path'
import { type HadPort, RootMemory } from '../memory/root-memory.ts'
import type { ResolvedOptions } from '../options/resolved.ts'
import { NO_PAST, type PlanFacts } from '../plan/plan.ts'
import { registry } from '../reservation/registry.ts'
import type { Session } from '../reservation/session.ts'
import { isCi } from '../utils/is-ci.ts'
import type { SessionWorld } from './world.ts'

/** What a start knows of earlier ones and of its checkout. */
export interface Past {
  readonly facts: Omit<PlanFacts, 'wishes' | 'ephemeral'>
  /**
   * Remembers what this start got, for the next one.
   *
   * @returns Warnings that this process has not given yet.
   */
  remember(had: Iterable<HadPort>): string[]
}

/** The past of the session's root; without memory (`sticky: false`, CI) nothing is read or written. */
export function pastOf(session: Session, options: ResolvedOptions, world: SessionWorld): Past {
  const { root } = session.identity
  const { dir: checkout, branch, gitDir, kind } = session.checkout
  const place = {
    ...NO_PAST,
    checkout,
    linked: kind === 'worktree',
    seed: seedOf(root, checkout),
  }
  const sticky = options.sticky ?? !isCi(world.env)
  // A socket's path needs no memory: it is made from root and service.
  const remembered = new Set(
    options.services
      .filter((service) => service.protocol !== 'unix' && (service.sticky ?? sticky))
      .map(({ name }) => name),
  )
  if (remembered.size === 0) return { facts: place, remember: () => [] }
  const { stateDir } = world.place
  const memory = new RootMemory({ stateDir, root, checkout, branch, gitDir }, Date.now)
  const chosen = [...memory.chosen()].filter(([service]) => remembered.has(service))
  return {
    facts: {
      ...place,
      // Without a prototype, because a service may be called `constructor`.
      sticky: Object.assign(Object.create(null), Object.fromEntries(chosen)),
      claims: (protocol) => memory.claims(protocol),
    },
    remember: (had) => {
      for (const service of remembered) {
        session.remember.set(service, (moved) => memory.remember([moved]))
      }
      const mine = [...had].filter(({ service }) => remembered.has(service))
      const warning = mine.length > 0 ? memory.remember(mine) : undefined
      return warning ? onlyNew(warning) : []
    },
  }
}

/** The same on every machine: worktrees are called alike there, wherever they lie. */
function seedOf(root: string, checkout: string): string {
  return [basename(checkout), ...relative(checkout, root).split(sep)].join('/')
}

function onlyNew(warning: string): string[] {
  const { warned } = registry()
  if (warned.has(warning)) return []
  warned.add(warning)
  return [warning]
}

import { resolveOptions } from '../../src/options/resolve.ts'
import { NO_PAST, planPorts, type PlanFacts } from '../../src/plan/plan.ts'
import { runSteps, runStepsSync } from '../../src/reservation/questions.ts'
import {
  type Session,
  sessionOf,
  type SessionUse,
  type Want,
} from '../../src/reservation/session.ts'
import { leasePlace } from '../../src/reservation/who-holds.ts'
import type { Options } from '../../src/types.ts'

/** How a test opens a session. */
export interface OpenOptions {
  /** Default `true`. */
  readonly hold?: boolean
  readonly previous?: SessionUse
  readonly facts?: Partial<PlanFacts>
  /** Ports of the last run, by service. */
  readonly remembered?: Readonly<Record<string, number>>
}

type Services = NonNullable<Options['services']>

/** What a bundler does whose hooks may wait. */
export function openLater(
  root: string,
  services: Services,
  options: OpenOptions = {},
): Promise<SessionUse> {
  const { session, wants } = prepare(root, services, options)
  return runSteps(session.open(wants, options.previous), session.identity.place)
}

/** What a bundler does whose hooks may not wait. */
export function openSync(root: string, services: Services, options: OpenOptions = {}): SessionUse {
  const { session, wants } = prepare(root, services, options)
  return runStepsSync(session.open(wants, options.previous), session.identity.place)
}

function prepare(
  root: string,
  services: Services,
  { hold = true, facts, remembered }: OpenOptions,
): { session: Session; wants: Want[] } {
  const plan = planPorts(resolveOptions({ services }), {
    ...NO_PAST,
    wishes: {},
    ephemeral: { from: 32_768, to: 60_999 },
    ...facts,
  })
  const session = sessionOf({
    root,
    command: 'test',
    pid: process.pid,
    place: leasePlace(process.env, process.platform),
  })
  const wants = plan.map((p): Want => {
    const { host, name } = p.service
    return { plan: p, host, hold, secure: false, remembered: remembered?.[name] }
  })
  return { session, wants }
}

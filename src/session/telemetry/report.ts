import type { LeasePlace } from '../../lease/names.ts'
import { registry } from '../../reservation/registry.ts'
import type { Session } from '../../reservation/session.ts'
import { type Area, measure } from '../../reservation/utilisation.ts'
import { projectLabel } from '../../utils/project-label.ts'
import {
  createInstruments,
  type Instruments,
  projectAttributes,
  type Report,
} from './instruments.ts'
import { findMeter } from './provider.ts'

/** What is told of a session. */
interface Observed {
  readonly areas: () => readonly Area[]
  readonly stop: () => void
}

/** The instruments of this process, and what they tell of. */
interface Telemetry {
  readonly instruments: Instruments
  readonly sessions: Map<Session, Observed>
}

// One for each process: a meter's instruments add up what they are told twice.
const KEY = Symbol.for('unplugin-ports.telemetry.1')

/**
 * Tells the meter provider of this process about a session until that ends. Does nothing where none
 * is registered; calling it again for a session only renews `areas`.
 *
 * @param areas Pools and ranges whose use is told.
 */
export function reportTelemetry(session: Session, areas: () => readonly Area[]): void {
  const holder = globalThis as { [KEY]?: Telemetry }
  holder[KEY] ??= openTelemetry(session.identity.root)
  const { sessions, instruments } = holder[KEY] ?? {}
  if (!sessions || !instruments) return
  const attributes = attributesOf(session)
  const stop =
    sessions.get(session)?.stop ??
    onProbes(session, (service, sample) => instruments.probe(service, sample, attributes))
  sessions.set(session, { areas, stop })
}

function openTelemetry(root: string): Telemetry | undefined {
  const meter = findMeter(root)
  if (!meter) return undefined
  const sessions: Telemetry['sessions'] = new Map()
  return { sessions, instruments: createInstruments(meter, () => collect(sessions)) }
}

async function collect(sessions: Telemetry['sessions']): Promise<Report[]> {
  const present = [...sessions]
  const live = new Set(registry().sessions.values())
  return Promise.all(
    present.map(async ([session, { areas, stop }]) => {
      // What it has counted since the last time is told once more.
      if (!live.has(session)) {
        stop()
        sessions.delete(session)
      }
      const { log, identity } = session
      const pools = live.has(session) ? await measureAreas(areas(), identity.place) : []
      return { attributes: attributesOf(session), tally: log.tally, pools }
    }),
  )
}

function measureAreas(areas: readonly Area[], place: LeasePlace): ReturnType<typeof measure> {
  // Metrics of everything else are worth having still.
  return areas.length === 0 ? Promise.resolve([]) : measure(areas, place).catch(() => [])
}

function attributesOf({ identity, checkout }: Session): Report['attributes'] {
  return projectAttributes(projectLabel(identity.root, checkout.dir), checkout.branch)
}

function onProbes(
  { onProbe }: Session,
  tell: Parameters<Session['onProbe']['add']>[0],
): () => void {
  onProbe.add(tell)
  return () => onProbe.delete(tell)
}

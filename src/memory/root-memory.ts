import { join } from 'node:path'
import type { Claim } from '../plan/plan.ts'
import { mountsHere } from '../utils/mounts.ts'
import type { Allocation, PortSource, Protocol } from '../types.ts'
import { claimsOf, type Claims, readClaims } from './claims.ts'
import { findMoved } from './other-records.ts'
import {
  type FoundRecord,
  readRecordFile,
  recordDirectory,
  recordFileName,
  updateRecordFile,
} from './record-file.ts'
import { dayOf, type RootRecord, type ServiceRecord } from './record.ts'

/** Whose memory it is, and where. */
export interface MemoryPlace {
  /** See `stateDirectory`. */
  readonly stateDir: string
  readonly root: string
  readonly checkout: string
  readonly branch?: string | undefined
  /** See `Checkout.gitDir`. */
  readonly gitDir?: string | undefined
}

/** A port that a service has got, to be remembered. */
export interface HadPort {
  readonly service: string
  readonly port: number
  readonly source: PortSource
  readonly protocol?: Protocol | undefined
  readonly state: Allocation['state']
}

/**
 * What a root remembers of its last runs, and other roots of theirs. Only memory, never truth: whether
 * a port is free is asked of the kernel, and a file that is lost or damaged costs a warning and
 * other ports, never a start. One object serves one start; nothing is read before it is asked for.
 */
export class RootMemory {
  readonly #place: MemoryPlace
  readonly #directory: string
  readonly #file: string
  readonly #now: () => number
  #found: FoundRecord | undefined
  /** What was remembered where the worktree lay before. */
  #moved: RootRecord | undefined
  #claims: Claims | undefined

  /** @param now The clock, in milliseconds since 1970. */
  constructor(place: MemoryPlace, now: () => number) {
    this.#place = place
    this.#directory = recordDirectory(place.stateDir)
    this.#file = join(this.#directory, recordFileName(place.root))
    this.#now = now
  }

  /** The ports that were chosen for this root's services in its last runs, by service. */
  chosen(): ReadonlyMap<string, number> {
    const services = this.#past()?.services ?? []
    return new Map([...services].flatMap(([name, { port }]) => (port ? [[name, port]] : [])))
  }

  /** Other roots' ports. */
  claims(protocol: Protocol): ReadonlyMap<number, Claim> {
    this.#claims ??= readClaims(this.#directory, this.#place.root, this.#now())
    return claimsOf(this.#claims, protocol)
  }

  /**
   * Writes down what this start got; services that it knows nothing of stay as they are.
   *
   * @returns A warning, where something stands in the way of memory; undefined otherwise.
   */
  remember(ports: readonly HadPort[]): string | undefined {
    const found = this.#read()
    const problem =
      found.kind === 'refused'
        ? found.reason
        : updateRecordFile(this.#file, (current) => this.#next(current, ports), this.#now())
    if (problem) {
      return `ports are not remembered: ${this.#file} ${problem}. Make room for it there, or set PORTS_STATE_DIR to another directory, or sticky: false.`
    }
    if (found.kind === 'damaged') {
      return `what was remembered of the last run's ports is lost: ${this.#file} ${found.reason}. It starts afresh.`
    }
    return undefined
  }

  #read(): FoundRecord {
    this.#found ??= readRecordFile(this.#file)
    return this.#found
  }

  #past(): RootRecord | undefined {
    const found = this.#read()
    if (found.kind === 'record') return found.record
    if (found.kind === 'none') this.#moved ??= findMoved(this.#directory, this.#place, this.#now())
    return this.#moved
  }

  #next(current: RootRecord | undefined, ports: readonly HadPort[]): RootRecord {
    const { root, checkout, branch, gitDir } = this.#place
    const services = new Map((current ?? this.#moved)?.services)
    for (const had of ports) {
      services.set(had.service, nextRecord(services.get(had.service), had, dayOf(this.#now())))
    }
    return { root, checkout, branch, gitDir, mounts: mountsHere(), services }
  }
}

/** A port that a person named for this run must not push out the one that was chosen before. */
function nextRecord(
  before: ServiceRecord | undefined,
  { port, source, protocol, state }: HadPort,
  usedOn: string,
): ServiceRecord {
  const named = source === 'typed' || source === 'env'
  const ports = named ? { port: before?.port, asked: port } : { port }
  const held = state === 'held' || state === 'serving'
  return { ...ports, ...(held && { held }), ...(protocol === 'udp' && { protocol }), usedOn }
}

import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { SessionWorld } from '../session/world.ts'
import { realRoot } from '../utils/real-root.ts'
import { dropCarried, writeCarried } from './carried.ts'
import { HANDOVER_VARIABLE, keyOfWorker } from './vitest-worker.ts'
import type { TestPortsOptions } from './vitest-types.ts'
import { reserveForWorkers, type WorkerPorts } from './worker-ports.ts'

/** The part of Vitest's project that a global setup uses. */
export interface SetupProject {
  readonly config: { readonly root: string; readonly maxWorkers?: unknown }
  readonly vitest?: { readonly config?: { readonly maxWorkers?: unknown } }
  provide(key: 'ports', value: WorkerPorts['workers']): void
}

/** The ports of one set of options, shared by the projects that have the same. */
interface Run {
  readonly ports: Promise<WorkerPorts>
  users: number
}

/** What the plugin's copy of this module tells the copy that Vitest loads as its global setup. */
interface Shared {
  readonly options: Map<string, TestPortsOptions>
  readonly runs: Map<string, Run>
}
const SHARED = Symbol.for('unplugin-ports.vitest.1')

/** What the plugin adds to Vitest's config, and what it remembers for the global setup. */
export function vitestConfig(
  options: TestPortsOptions,
  root: string,
): { globalSetup: string[]; setupFiles: string[] } {
  shared().options.set(root, options)
  // By the package's own name: the module that this code is in moves about when it is bundled.
  const manifest = createRequire(import.meta.url).resolve('unplugin-ports/package.json')
  const dist = join(dirname(manifest), 'dist')
  return { globalSetup: [join(dist, 'vitest.mjs')], setupFiles: [join(dist, 'vitest-setup.mjs')] }
}

/** Reserves the ports of all workers; returns what gives them back. */
export async function setUp(
  project: SetupProject,
  world: SessionWorld,
): Promise<() => Promise<void>> {
  const { runs, options } = shared()
  const root = realRoot(world.cwd, project.config.root)
  const given = options.get(root) ?? {}
  const directory = realRoot(root, given.root)
  const count = workerCount(project)
  const key = digest([directory, given, count])
  const run = runs.get(key) ?? {
    ports: reserveForWorkers(given, count, directory, world),
    users: 0,
  }
  run.users++
  runs.set(key, run)
  const leave = async (): Promise<void> => {
    if (--run.users > 0) return
    runs.delete(key)
    for (let worker = 1; worker <= count; worker++)
      dropCarried(process.env, keyOfWorker(key, worker))
    if (runs.size === 0) delete process.env[HANDOVER_VARIABLE]
    await (await run.ports.catch(() => undefined))?.close()
  }
  try {
    const { workers, handover } = await run.ports
    for (const [index, addresses] of workers.entries()) {
      writeCarried(process.env, keyOfWorker(key, index + 1), addresses)
    }
    // Node's own variables are kept as each worker has them.
    if (handover) process.env[HANDOVER_VARIABLE] ??= JSON.stringify(handover.env({}))
    project.provide('ports', workers)
    return leave
  } catch (error) {
    await leave()
    throw error
  }
}

/** Vitest numbers its workers from 1 to this. Unset, it uses fewer than there are processors. */
function workerCount({ config, vitest }: SetupProject): number {
  const said = [config.maxWorkers, vitest?.config?.maxWorkers].filter(
    (value) => typeof value === 'number' && value >= 1,
  ) as number[]
  return said.length > 0 ? Math.ceil(Math.max(...said)) : availableParallelism()
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

function shared(): Shared {
  const holder = globalThis as { [SHARED]?: Shared }
  holder[SHARED] ??= { options: new Map(), runs: new Map() }
  return holder[SHARED]
}

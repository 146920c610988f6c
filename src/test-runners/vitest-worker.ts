import { createRequire } from 'node:module'
import { NOTE_VARIABLE } from '../child/protocol.ts'
import { requiringOptions } from '../child/node-options.ts'
import { preloadFile } from '../child/preload-file.ts'
import { variableStem } from '../options/names.ts'
import { carriedAddress, carriedAddresses } from './carried.ts'
import type { ServerAddress } from './playwright-types.ts'

/** Carries what leads a worker's servers to their held sockets: variables, as JSON. */
export const HANDOVER_VARIABLE = 'UNPLUGIN_PORTS_VITEST'

const KEY_BEGIN = 'vitest:'
const PREPARED = Symbol.for('unplugin-ports.vitest-worker.1')

/** The key under which a worker's ports are carried. */
export function keyOfWorker(run: string, worker: number): string {
  return `${KEY_BEGIN}${run}:${worker}`
}

/** See `port` and `url` in the entry. */
export function workerAddress(service: string): ServerAddress {
  prepareWorker()
  return carriedAddress(process.env, isMine, service, 'testPorts() of this worker')
}

/**
 * Publishes the ports of this worker in its environment, as `API_PORT` and `API_URL`, and hands the
 * held sockets to servers that listen from here on, in this worker and in processes that it starts.
 * Done once for each worker.
 */
export function prepareWorker(): void {
  const { env } = process
  // One worker may run test files one after the other, each with a global object of its own.
  const holder = process as { [PREPARED]?: true }
  if (holder[PREPARED] || env.VITEST_POOL_ID === undefined) return
  holder[PREPARED] = true
  for (const [service, { port, url }] of Object.entries(carriedAddresses(env, isMine))) {
    const stem = variableStem(service)
    env[`${stem}_PORT`] = String(port)
    env[`${stem}_URL`] = url
  }
  const note = handoverNote()
  if (note === undefined) return
  env[NOTE_VARIABLE] = note
  env.NODE_OPTIONS = requiringOptions(env.NODE_OPTIONS, preloadFile())
  const require = createRequire(import.meta.url)
  // Where `ports run` started everything it is loaded already, for other ports.
  delete require.cache[require.resolve(preloadFile())]
  require(preloadFile())
}

function handoverNote(): string | undefined {
  try {
    const variables = JSON.parse(process.env[HANDOVER_VARIABLE] ?? '') as Record<string, string>
    return variables[NOTE_VARIABLE]
  } catch {
    return undefined
  }
}

function isMine(key: string): boolean {
  return key.startsWith(KEY_BEGIN) && key.endsWith(`:${process.env.VITEST_POOL_ID}`)
}

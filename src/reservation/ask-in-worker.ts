import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Endpoint } from '../net/endpoint.ts'
import type { LeasePlace } from './who-holds.ts'
import type { Asker } from './whose.ts'

/** Questions that another thread can answer while this one stands still. */
export type WorkerQuestion =
  | {
      readonly ask: 'whose'
      readonly endpoint: Endpoint
      readonly asker: Asker
      readonly place: LeasePlace
    }
  | {
      readonly ask: 'holders' | 'leases'
      readonly endpoints: readonly Endpoint[]
      readonly place: LeasePlace
    }
  | {
      readonly ask: 'listening'
      readonly ports: readonly number[]
      readonly address: string | undefined
    }
  | { readonly ask: 'socket-alive'; readonly path: string; readonly place: LeasePlace }

/** What the worker is started with. */
export interface WorkerTask {
  readonly question: WorkerQuestion
  readonly answer: import('node:worker_threads').MessagePort
  /** Set to 1 and notified when the answer has been posted. */
  readonly done: Int32Array
}

/** The whole question is given up after this, in milliseconds. */
const ANSWER_TIMEOUT_MS = 3000

/**
 * Answers in this tick what can only be found out by waiting. Costs tens of milliseconds, so it is
 * for the moments when a port is taken.
 *
 * @returns `undefined` when there is no answer within three seconds.
 */
export function askInWorker<T>(question: WorkerQuestion): T | undefined {
  const { port1, port2 } = new MessageChannel()
  const done = new Int32Array(new SharedArrayBuffer(4))
  const task: WorkerTask = { question, answer: port2, done }
  const worker = new Worker(workerFile(), {
    workerData: task,
    transferList: [port2],
    // Flags of the host process (`--import`, `--inspect`) are none of its business.
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.unref()
  worker.on('error', () => {
    // Its answer is missed by then, and that is handled below.
  })
  try {
    Atomics.wait(done, 0, 0, ANSWER_TIMEOUT_MS)
    return (receiveMessageOnPort(port1) as { message: T } | undefined)?.message
  } finally {
    port1.close()
    void worker.terminate()
  }
}

/** The package by its own name: the module that this code is in moves about when it is bundled. */
function workerFile(): string {
  const manifest = createRequire(import.meta.url).resolve('unplugin-ports/package.json')
  return join(dirname(manifest), 'dist/answer-worker.mjs')
}

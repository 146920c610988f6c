import { workerData } from 'node:worker_threads'
import type { WorkerTask } from './reservation/ask-in-worker.ts'
import { whoHolds } from './reservation/who-holds.ts'
import { whose } from './reservation/whose.ts'

const { question, answer, done } = workerData as WorkerTask

const found =
  question.ask === 'whose'
    ? await whose(question.port, question.asker, question.place)
    : await whoHolds(question.ports, question.place)

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of worker_threads
answer.postMessage(found)
Atomics.store(done, 0, 1)
Atomics.notify(done, 0)

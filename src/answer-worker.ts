import { workerData } from 'node:worker_threads'
import { acceptingPorts } from './net/accepting.ts'
import { isSocketAlive } from './net/socket-path.ts'
import type { WorkerTask } from './reservation/ask-in-worker.ts'
import { askLeases, whoHolds } from './reservation/who-holds.ts'
import { whose } from './reservation/whose.ts'

const { question, answer, done } = workerData as WorkerTask

function find(): Promise<unknown> {
  switch (question.ask) {
    case 'whose':
      return whose(question.endpoint, question.asker, question.place)
    case 'holders':
      return whoHolds(question.endpoints, question.place)
    case 'leases':
      return askLeases(question.endpoints, question.place)
    case 'socket-alive':
      return isSocketAlive(question.path)
    case 'listening':
      return acceptingPorts(question.ports, question.address)
  }
}

const found = await find()

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of worker_threads
answer.postMessage(found)
Atomics.store(done, 0, 1)
Atomics.notify(done, 0)

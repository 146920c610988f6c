import { prepareWorker } from './test-runners/vitest-worker.ts'

prepareWorker()

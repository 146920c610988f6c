import { runServer } from './test-runners/run-server.ts'
import { readTask, TASK_VARIABLE } from './test-runners/server-task.ts'
import { processWorld } from './session/world.ts'

const say = (text: string): void => void process.stderr.write(`ports: ${text}\n`)

try {
  const task = readTask(process.env)
  // What is started by the command has tasks of its own.
  delete process.env[TASK_VARIABLE]
  process.exitCode = await runServer(task, processWorld(), say)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
process.exit()

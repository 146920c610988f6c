/** The variable that says what {@link ServerTask} the program behind `webServer.command` has. */
export const TASK_VARIABLE = 'UNPLUGIN_PORTS_TEST_SERVER'

/** A server that is to be started on a port that another process keeps for it. */
export interface ServerTask {
  readonly v: 1
  readonly service: string
  /** A line for the shell. */
  readonly command: string
  readonly port: number
  readonly host?: string
  /** Process that has leased the port until now. */
  readonly keeper: number
}

/** The task in `env`. */
export function readTask(env: Readonly<Record<string, string | undefined>>): ServerTask {
  try {
    const task = JSON.parse(env[TASK_VARIABLE] ?? '') as ServerTask
    if (task.v === 1) return task
  } catch {
    // Said below.
  }
  throw new Error(`${TASK_VARIABLE} is not set: this program is for Playwright's \`webServer\`.`)
}

import { readComposeCall } from '../../compose/command.ts'
import type { ComposeRequest } from '../../machine/run-compose.ts'
import { runPlainly } from '../../machine/run-plainly.ts'
import { outOfFiles } from '../../utils/out-of-files.ts'
import { isSwitchedOff } from '../../utils/switched-off.ts'
import { runProgram } from '../../machine/run-program.ts'
import type { RunCommand } from '../command.ts'
import { parsePortArgument, parsePortsArgument } from '../values.ts'
import type { CommandInput } from '../input.ts'

const DEFAULT_SERVICE = 'app'
/** As of a shell: there is no such command, or it can't be run. */
const NOT_FOUND = 127
const NOT_RUNNABLE = 126

/** `ports run` */
export const run: RunCommand = async (input, io) => {
  const [command = '', ...args] = input.args
  // One argument with spaces is a line for the shell, as in package.json.
  const shell = input.has('shell') || (args.length === 0 && /\s/.test(command))
  const say = (line: string): void => {
    if (!input.has('quiet')) io.err(`${io.colors.cyan('ports:')} ${line}`)
  }
  const call = shell ? undefined : readComposeCall(input.args)
  try {
    if (call) return await runComposeCall({ command: { command, args }, call, say }, input)
    return await runProgram(
      {
        command: { command, args, shell },
        service: input.text('name') ?? DEFAULT_SERVICE,
        preferred: portOf(input),
        range: rangeOf(input),
        host: input.text('host'),
        mode: input.has('socket-activation') ? 'activation' : 'auto',
        say,
      },
      input.world,
    )
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (!syscall?.startsWith('spawn')) throw error
    const problem = outOfFiles(error, `${command} can't be run`)
    if (problem) throw problem
    const isMissing = code === 'ENOENT'
    io.err(`${command}: ${isMissing ? 'no such command' : `can't be run (${code})`}`)
    return isMissing ? NOT_FOUND : NOT_RUNNABLE
  }
}

async function runComposeCall(request: ComposeRequest, input: CommandInput): Promise<number> {
  const flag = ['name', 'port', 'range', 'host'].find((name) => input.has(name))
  if (flag !== undefined) {
    throw input.mistake(
      `--${flag} makes no sense for Compose, whose services have ports of their own: set their variables, as in DB_PORT=5433 ports run …`,
    )
  }
  if (isSwitchedOff(input.world.env)) return runPlainly(request.command, input.world)
  const { runCompose } = await import('../../machine/run-compose.ts')
  return runCompose(request, input.world)
}

function portOf(input: CommandInput): number | undefined {
  const text = input.text('port')
  const port = text === undefined ? undefined : parsePortArgument(text)
  if (text !== undefined && port === undefined) {
    throw input.mistake(`--port should be a port from 1 to 65535 but is ${JSON.stringify(text)}.`)
  }
  return port
}

function rangeOf(input: CommandInput): ReturnType<typeof parsePortsArgument> {
  const text = input.text('range')
  const range = text === undefined ? undefined : parsePortsArgument(text)
  if (text !== undefined && !range) {
    throw input.mistake(
      `--range should be a range such as 3000-3010 but is ${JSON.stringify(text)}.`,
    )
  }
  return range
}

import { commandLine } from '../../dev/config-text.ts'
import type { DevEnd } from '../../dev/run-dev.ts'
import { runDev } from '../../dev/run-dev.ts'
import type { DevQuestions } from '../../dev/options.ts'
import type { Terminal } from '../../dev/terminal.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { keyboard } from '../keyboard.ts'

const CODES: Record<DevEnd, number> = {
  quit: EXIT.ok,
  interrupted: EXIT.interrupted,
  failed: EXIT.failed,
  running: EXIT.running,
  nothing: EXIT.refused,
}

/** `ports dev` */
export const run: RunCommand = async (input, io) => {
  const end = await runDev(
    {
      names: input.args,
      profiles: (input.text('profile') ?? '').split(',').filter(Boolean),
      raw: input.has('raw'),
      logs: input.text('logs'),
      questions: io.canAsk && !input.has('yes') ? questions : undefined,
    },
    terminalOf(io),
    input.world,
  )
  return CODES[end]
}

const questions: DevQuestions = {
  async choose(suggestions) {
    const { isCancel, multiselect } = await import('@clack/prompts')
    const answer = await multiselect({
      message:
        'No ports.config yet. What does this project start? It is written down for the next time.',
      options: suggestions.map((one) => ({
        value: one.name,
        label: `${one.name}: ${commandLine(one.options)}`,
        hint: one.seenBy,
      })),
      initialValues: suggestions.filter(({ sure }) => sure).map(({ name }) => name),
      required: false,
      output: process.stderr,
    })
    if (isCancel(answer)) return undefined
    return suggestions.filter(({ name }) => answer.includes(name))
  },
}

function terminalOf(io: Io): Terminal {
  return {
    write: (stream, text) => (stream === 'stdout' ? io.write(text) : io.writeErr(text)),
    get columns() {
      return io.columns
    },
    colors: io.colors,
    isInteractive: io.isTerminal && io.canAsk,
    readKeys: (onKey) => (io.canAsk ? keyboard(onKey) : { [Symbol.dispose]() {} }),
  }
}

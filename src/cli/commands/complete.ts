import type { RunCommand } from '../command.ts'
import { COMMANDS } from '../commands.ts'
import { complete } from '../completion/complete.ts'
import { EXIT } from '../exit-codes.ts'

/** `ports complete <index> -- <word…>`, which the scripts of `ports completions` call at each Tab. */
export const run: RunCommand = async (input, io) => {
  const [index = '', dashes, ...words] = input.args
  const at = Number(index)
  if (dashes !== '--' || !Number.isSafeInteger(at) || at < 0) {
    throw input.mistake('should be: ports complete <index> -- <word…>')
  }
  // Some shells leave an empty last word out.
  const upToCursor = Array.from({ length: at + 1 }, (_, place) => words[place] ?? '')
  const live = async () => {
    const { liveValues } = await import('../completion/live-values.ts')
    return liveValues(input.world)
  }
  const found = await complete(upToCursor, COMMANDS, live)
  if (found.offer === 'directories') io.out(':directories')
  else if (found.offer === 'command') io.out(`:command ${found.from}`)
  else for (const { value, text } of found.offer) io.out(`${value}\t${text}`)
  return EXIT.ok
}

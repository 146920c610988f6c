import { nearestName } from '../../options/suggest.ts'
import type { RunCommand } from '../command.ts'
import { renderScript, SHELLS } from '../completion/scripts.ts'
import { EXIT } from '../exit-codes.ts'

/** `ports completions` */
export const run: RunCommand = async (input, io) => {
  const [asked = ''] = input.args
  const shell = SHELLS.find((name) => name === asked)
  if (!shell) {
    const meant = nearestName(asked, SHELLS)
    const advice = meant ? `Did you mean ${meant}?` : `Known: ${SHELLS.join(', ')}.`
    throw input.mistake(`Unknown shell ${JSON.stringify(asked)}. ${advice}`)
  }
  const script = renderScript(shell)
  if (input.has('json')) io.json({ v: 1, shell, script })
  else io.write(script)
  return EXIT.ok
}

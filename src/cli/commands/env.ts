import { PortsError } from '../../errors.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { liveVariables } from '../../machine/variables.ts'
import { ENV_FORMATS, type EnvFormat, renderEnv } from '../../output/env-formats.ts'
import { nearestName } from '../../options/suggest.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'

/** `ports env` */
export const run: RunCommand = async (input, io) => {
  const { place, cwd } = input.world
  const format = formatOf(input)
  const here = hereOf(cwd, place)
  const { variables, warnings } = await liveVariables(here)
  if (variables.size === 0) {
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `nothing of ${here.checkout.dir} is running now, so there are no variables. Start it first.`,
    )
  }
  for (const warning of warnings) io.err(warning)
  io.out(renderEnv(variables, format))
  return EXIT.ok
}

function formatOf(input: CommandInput): EnvFormat {
  // `--json` means the same in every command: JSON.
  const asked = input.text('format') ?? (input.has('json') ? 'json' : 'dotenv')
  const format = ENV_FORMATS.find((name) => name === asked)
  if (format) return format
  const meant = nearestName(asked, ENV_FORMATS)
  const advice = meant ? `Did you mean ${meant}?` : `Known: ${ENV_FORMATS.join(', ')}.`
  throw input.mistake(`Unknown format ${JSON.stringify(asked)}. ${advice}`)
}

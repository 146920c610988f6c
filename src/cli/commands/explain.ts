import { explainHere } from '../../machine/explain.ts'
import { hereOf } from '../../machine/leases-here.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

/** `ports explain` */
export const run: RunCommand = async (input, io) => {
  const { place, cwd } = input.world
  const found = await explainHere(input.args[0], hereOf(cwd, place))
  if (input.has('json')) {
    io.json({ v: 1, services: found.map(({ root, data }) => ({ root, ...data })) })
  } else io.out(found.map(({ text }) => text).join('\n\n'))
  return EXIT.ok
}

import { type Here, hereOf } from '../../machine/leases-here.ts'
import { type Inventory, takeInventory } from '../../machine/inventory.ts'
import { renderInventory } from '../../machine/inventory-table.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'

/** `ports list`, and `ports` alone. */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const strangers = input.has('all')
  const json = input.has('json')
  const look = (): Promise<Inventory> => takeInventory(here, { place, env }, { strangers })
  const document = ({ rows, silent }: Inventory): object => ({
    v: 1,
    checkout: here.checkout.dir,
    ports: rows,
    silent,
  })
  if (input.has('watch')) {
    if (!io.isTerminal && !json) {
      throw input.mistake(
        '--watch needs a terminal; with --json it prints a line for every change.',
      )
    }
    const { watchLines, watchScreen } = await import('../watch.ts')
    return json
      ? watchLines(async () => JSON.stringify(document(await look())), io)
      : watchScreen(async () => linesOf(await look(), here, io), io)
  }
  const inventory = await look()
  if (json) io.json(document(inventory))
  else for (const line of linesOf(inventory, here, io)) io.out(line)
  return EXIT.ok
}

function linesOf({ rows, silent }: Inventory, { checkout }: Here, io: Io): string[] {
  const { columns: width, colors } = io
  const style = { width, colors, from: checkout.dir, now: Date.now() }
  const note =
    silent > 0 ? [`${silent} more: their owners do not answer. See \`ports reconcile\`.`] : []
  if (rows.length === 0 && silent === 0) return ['No port is held or leased on this machine.']
  return [...renderInventory(rows, style), ...note]
}

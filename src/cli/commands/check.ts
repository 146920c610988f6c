import { PortsError } from '../../errors.ts'
import { type CheckedPort, checkPorts } from '../../machine/check.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { portText } from '../../machine/port-text.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { parseRanges } from '../targets.ts'

const REASONS: Record<NonNullable<CheckedPort['busy']>, string> = {
  'in-use': 'in use',
  leased: 'leased',
  denied: 'not permitted for this user',
  'no-address': 'no such address on this machine',
}

/** `ports check` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const host = input.text('host')
  const checked = await checkPorts(parseRanges(input), host, { place, env })
  if (!checked) {
    throw new PortsError('PORTS_NO_ADDRESS', `${host} is no address of this machine.`)
  }
  const isFree = checked.every(({ busy }) => busy === undefined)
  if (input.has('json')) {
    const ports = checked.map(({ port, busy, view }) => ({
      port,
      free: busy === undefined,
      ...(busy && { reason: busy }),
      ...(view?.lease && { lease: view.lease }),
      ...(view && view.listeners.length > 0 && { listeners: view.listeners }),
      ...(view?.container && { container: view.container }),
    }))
    io.json({ v: 1, free: isFree, ports })
  } else {
    const rows = foldRows(checked.map((port) => [port.port, textOf(port, here.checkout.dir)]))
    const width = Math.max(...rows.map(([ports]) => ports.length))
    for (const [ports, text] of rows) io.out(`${io.colors.bold(ports.padEnd(width))}  ${text}`)
  }
  return isFree ? EXIT.ok : EXIT.failed
}

function textOf({ busy, view }: CheckedPort, from: string): string {
  if (busy === undefined) return 'free'
  const who = view && portText(view, from)
  return who && who !== 'nobody' ? `${REASONS[busy]}: ${who}` : REASONS[busy]
}

/** Neighbours with one text as one row: `3000-3004  free`. */
function foldRows(rows: readonly (readonly [port: number, text: string])[]): [string, string][] {
  const runs: { from: number; to: number; text: string }[] = []
  for (const [port, text] of rows) {
    const run = runs.at(-1)
    if (run?.to === port - 1 && run.text === text) run.to = port
    else runs.push({ from: port, to: port, text })
  }
  return runs.map(({ from, to, text }) => [from === to ? `${from}` : `${from}-${to}`, text])
}

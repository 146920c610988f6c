import { findTarget } from '../../machine/find-target.ts'
import { type Here, hereOf } from '../../machine/leases-here.ts'
import { portText } from '../../machine/port-text.ts'
import { type Released, releasePort, unusedDynamicPorts } from '../../machine/release.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'
import { parseTargets } from '../targets.ts'

/** `ports release` */
export const run: RunCommand = async (input, io) => {
  const { place, cwd } = input.world
  const here = hereOf(cwd, place)
  const how = { any: input.has('any'), dry: input.has('dry-run') }
  const results: Released[] = []
  for (const port of await portsOf(input, here)) results.push(await releasePort(port, how, here))
  const isDone = results.every(({ result }) => result === 'released')
  if (input.has('json')) {
    const ports = results.map(({ port, result, lease }) => ({
      port,
      result,
      ...(lease && { service: lease.service, pid: lease.pid, checkout: lease.checkout }),
    }))
    io.json({ v: 1, dryRun: how.dry, ports })
  } else {
    if (results.length === 0) io.out('No unused dynamic port is leased by this checkout.')
    for (const result of results) {
      const line = `${result.port}  ${textOf(result, how.dry, here.checkout.dir)}`
      if (result.result === 'released') io.out(line)
      else io.err(line)
    }
  }
  if (isDone) return EXIT.ok
  return results.some(({ result }) => result === 'foreign') ? EXIT.refused : EXIT.failed
}

async function portsOf(input: CommandInput, here: Here): Promise<number[]> {
  const named = parseTargets(input)
  if (input.has('dynamic')) {
    if (named.length > 0) throw input.mistake('--dynamic finds the ports by itself.')
    return (await unusedDynamicPorts(here)).map(({ port }) => port)
  }
  if (named.length === 0) throw input.mistake('ports release needs <service|port…>, or --dynamic.')
  const targets = await Promise.all(named.map((target) => findTarget(target, here)))
  return [...new Set(targets.map(({ port }) => port))]
}

function textOf({ port, result, lease }: Released, dry: boolean, from: string): string {
  const who = portText({ port, listeners: [], ...(lease && { lease }) }, from)
  switch (result) {
    case 'released':
      return `${dry ? 'would be released' : 'released'}: "${lease?.service}" of ${who}`
    case 'not-leased':
      return 'not leased by anybody. A listener without a lease is a stranger: see `ports who`.'
    case 'foreign':
      return `leased by ${who}, another checkout. Release it there, or say --any.`
    case 'serving':
      return `not released: the server of ${who} listens there. \`ports stop ${port}\` ends it.`
    case 'unreachable':
      return `not released: ${who} takes no orders from this user. Stop that process instead.`
  }
}

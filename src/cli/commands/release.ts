import { isAbsolute } from 'node:path'
import { findEndpoint } from '../../machine/find-target.ts'
import { type Here, hereOf } from '../../machine/leases-here.ts'
import { portText } from '../../machine/port-text.ts'
import { type Released, releaseEndpoint, unusedDynamicPorts } from '../../machine/release.ts'
import { type Endpoint, endpointText } from '../../net/endpoint.ts'
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
  for (const endpoint of await endpointsOf(input, here)) {
    results.push(await releaseEndpoint(endpoint, how, here))
  }
  const isDone = results.every(({ result }) => result === 'released')
  if (input.has('json')) {
    const ports = results.map(({ port, protocol, path, result, lease }) => ({
      port,
      ...(protocol && { protocol }),
      ...(path !== undefined && { path }),
      result,
      ...(lease && { service: lease.service, pid: lease.pid, checkout: lease.checkout }),
    }))
    io.json({ v: 1, dryRun: how.dry, ports })
  } else {
    if (results.length === 0) io.out('No unused dynamic port is leased by this checkout.')
    for (const result of results) {
      const line = `${endpointText(result)}  ${textOf(result, how.dry, here.checkout.dir)}`
      if (result.result === 'released') io.out(line)
      else io.err(line)
    }
  }
  if (isDone) return EXIT.ok
  return results.some(({ result }) => result === 'foreign') ? EXIT.refused : EXIT.failed
}

async function endpointsOf(input: CommandInput, here: Here): Promise<Endpoint[]> {
  const named = parseTargets(input)
  if (input.has('dynamic')) {
    if (named.length > 0) throw input.mistake('--dynamic finds the ports by itself.')
    return (await unusedDynamicPorts(here)).map(({ port }) => port)
  }
  if (named.length === 0) throw input.mistake('ports release needs <service|port…>, or --dynamic.')
  const endpoints = named.map(
    (target) => endpointNamed(target) ?? findEndpoint(String(target), here),
  )
  return [...new Set(await Promise.all(endpoints))]
}

/** As the list of ports shows it: `5353/udp`, `/run/user/1000/api.sock`. */
function endpointNamed(target: number | string): Endpoint | undefined {
  if (typeof target === 'number') return target
  const udp = /^(\d{1,5})\/udp$/.exec(target)?.[1]
  if (udp !== undefined) return `udp:${Number(udp)}`
  return isAbsolute(target) ? `unix:${target}` : undefined
}

function textOf({ port, path, result, lease }: Released, dry: boolean, from: string): string {
  const who = portText({ port, listeners: [], ...(lease && { lease }) }, from)
  switch (result) {
    case 'released':
      return `${dry ? 'would be released' : 'released'}: "${lease?.service}" of ${who}`
    case 'not-leased':
      return 'not leased by anybody. A listener without a lease is a stranger: see `ports who`.'
    case 'foreign':
      return `leased by ${who}, another checkout. Release it there, or say --any.`
    case 'serving':
      return `not released: the server of ${who} listens there. ${path === undefined ? `\`ports stop ${port}\` ends it` : 'End that process'}.`
    case 'unreachable':
      return `not released: ${who} takes no orders from this user. Stop that process instead.`
  }
}

import { findTarget } from '../../machine/find-target.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { lookAt, type PortView } from '../../machine/look-at.ts'
import { containerText, listenerText, portText } from '../../machine/port-text.ts'
import { ageOf } from '../../machine/inventory-table.ts'
import { nearPath } from '../../reservation/holder-text.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { parseTargets } from '../targets.ts'

/** `ports who` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const targets = await Promise.all(parseTargets(input).map((named) => findTarget(named, here)))
  const ports = [...new Set(targets.map(({ port }) => port))]
  const views = await lookAt(ports, { place, env })
  const found = ports.map((port) => views.get(port) ?? { port, listeners: [] })
  if (input.has('json')) io.json({ v: 1, ports: found })
  else {
    const width = Math.max(...ports.map((port) => String(port).length))
    for (const view of found) {
      const [first = '', ...more] = linesOf(view, here.checkout.dir, Date.now())
      io.out(`${io.colors.bold(String(view.port).padEnd(width))}  ${first}`)
      for (const line of more) io.out(`${' '.repeat(width)}  ${io.colors.dim(line)}`)
    }
  }
  return found.every(isTaken) ? EXIT.ok : EXIT.failed
}

function isTaken({ lease, listeners, container }: PortView): boolean {
  return lease !== undefined || listeners.length > 0 || container !== undefined
}

function linesOf(view: PortView, from: string, now: number): string[] {
  const { port, lease, listeners, container } = view
  const lines = [portText(view, from)]
  for (const listener of listeners) {
    const { cwd, checkout, startedAt } = listener
    const text = listenerText(port, listener, from)
    if (text !== lines[0]) lines.push(`listens: ${text}`)
    const details = [
      startedAt && `running for ${ageOf(startedAt, now)}`,
      cwd && cwd !== checkout && `working directory ${cwd}`,
    ].filter(Boolean)
    if (details.length > 0) lines.push(details.join(', '))
  }
  if (container) {
    const { compose, containerPort, directory } = container
    if (lines[0] !== containerText(container)) lines.push(containerText(container))
    const project = compose && `service ${compose.service} of Compose project ${compose.project}`
    const place = directory && `in ${nearPath(directory, from)}`
    lines.push([`port ${containerPort} inside`, project, place].filter(Boolean).join(', '))
  }
  if (lease) {
    const { service, root, branch, state, serving, since } = lease
    const what = serving ? 'serving' : state === 'held' ? 'held' : 'for a server to come'
    const whose = `${nearPath(root, from) === '.' ? 'this checkout' : nearPath(root, from)}`
    lines.push(
      `leased as "${service}" of ${whose}${branch ? ` (${branch})` : ''} for ${ageOf(since, now)}, ${what}`,
    )
  }
  return lines
}

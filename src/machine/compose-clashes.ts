import { relative } from 'node:path'
import { type FixedPort, fixedPorts, withVariable } from '../compose/fixed.ts'
import type { ComposeProject } from '../compose/project.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { Here } from './leases-here.ts'
import { type Looking, lookAt, type PortView } from './look-at.ts'
import { portText } from './port-text.ts'

/** A fixed port of the compose files that somebody else has. */
export interface ComposeClash extends FixedPort {
  readonly view: PortView
  /** What is wrong and how it is mended, in one line for people. */
  readonly text: string
}

/** The fixed ports that Compose could not publish now, because somebody else is there. */
export async function composeClashes(
  project: ComposeProject,
  here: Here,
  looking: Looking,
): Promise<ComposeClash[]> {
  const fixed = fixedPorts(project).filter(({ port }) => port.protocol === 'tcp')
  if (fixed.length === 0) return []
  const views = await lookAt(
    fixed.map(({ hostPort }) => hostPort),
    looking,
  )
  return fixed.flatMap((one): ComposeClash[] => {
    const view = views.get(one.hostPort)
    if (!view || !isSomebodyElse(view, one.service, here)) return []
    const { file, line } = one.port
    const where = `${relative(project.directory, file) || file}${line === undefined ? '' : `:${line}`}`
    const text = `${where}: "${one.service}" publishes ${one.hostPort}, where ${portText(view, here.checkout.dir)} is. Write "${withVariable(one)}" there, or let \`ports compose --override\` do it.`
    return [{ ...one, view, text }]
  })
}

function isSomebodyElse(view: PortView, service: string, { checkout }: Here): boolean {
  const { lease, listeners, container } = view
  if (!container) return lease !== undefined || listeners.length > 0
  const { directory, compose } = container
  const isOurs = directory !== undefined && findCheckout(directory).dir === checkout.dir
  return !(isOurs && compose?.service === service)
}

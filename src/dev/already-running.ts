import { type Looking, lookAt, type PortView } from '../machine/look-at.ts'
import { containerText } from '../machine/port-text.ts'

/** A service of this checkout that somebody has started already. */
export interface RunningService {
  readonly name: string
  readonly port: number
}

/**
 * What runs, who started it, and how it is ended, in words for people: `all of it runs already in
 * this checkout: api (pid 812), started by ports dev (pid 800). …`
 *
 * @param services At least one.
 */
export async function alreadyRunning(
  services: readonly RunningService[],
  looking: Looking,
): Promise<string> {
  const views = await lookAt(
    services.map(({ port }) => port),
    looking,
  )
  const each = services.map(({ name, port }) => name + serverText(views.get(port)))
  const owners = new Map(
    [...views.values()].flatMap(({ lease }) =>
      lease?.runs ? [[lease.pid, `${lease.command} (pid ${lease.pid})`]] : [],
    ),
  )
  const by = owners.size > 0 ? `, started by ${[...owners.values()].join(' and ')}` : ''
  const end = owners.size > 0 ? 'Ctrl-C where it was started ends all, and its lines are there' : ''
  const stop = `\`ports stop ${services[0]?.name ?? '<service>'}\` ends one of them`
  return `all of it runs already in this checkout: ${each.join(', ')}${by}. ${[stop, end].filter(Boolean).join('; ')}.`
}

/** ` (pid 812)`; empty where nobody can tell. */
function serverText(view: PortView | undefined): string {
  if (!view) return ''
  const { lease, listeners, container } = view
  if (container) return ` (${containerText(container)})`
  // Its owner has the socket as well.
  const server = listeners.find(({ pid }) => pid !== lease?.pid) ?? listeners[0]
  return server?.pid === undefined ? '' : ` (pid ${server.pid})`
}

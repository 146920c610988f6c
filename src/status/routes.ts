import { type Answer, textAnswer } from './answers.ts'
import type { RequestFacts } from './facts.ts'
import { judge, judgeAction, type Reader } from './guard.ts'
import type { ActionName } from './report.ts'

/** What is to be answered. */
export type Route =
  | { readonly to: 'page' | 'client' | 'qr' | 'identity' | 'status' | 'metrics' | 'explanation' }
  | { readonly to: 'events' }
  | { readonly to: 'asset'; readonly file: AssetName }
  | { readonly to: 'action'; readonly action: ActionName }

/** Files of the page. */
export type AssetName = 'page.js' | 'page.css' | 'icon.svg'

/** Either the answer itself, or what to make it of and for whom. */
export type Decision =
  { readonly answer: Answer } | { readonly route: Route; readonly reader: Reader }

/** Path of the script that pages of the app have, below `/__ports`. */
export const CLIENT_PATH = '/client.js'

const ROUTES: Readonly<Record<string, Route>> = {
  '/': { to: 'page' },
  '/page.js': { to: 'asset', file: 'page.js' },
  '/page.css': { to: 'asset', file: 'page.css' },
  '/icon.svg': { to: 'asset', file: 'icon.svg' },
  [CLIENT_PATH]: { to: 'client' },
  '/qr.svg': { to: 'qr' },
  '/identity.json': { to: 'identity' },
  '/status.json': { to: 'status' },
  '/explain.json': { to: 'explanation' },
  '/metrics': { to: 'metrics' },
  '/events': { to: 'events' },
  '/actions/move': { to: 'action', action: 'move' },
  '/actions/release': { to: 'action', action: 'release' },
  '/actions/restart': { to: 'action', action: 'restart' },
}

/**
 * What comes of a request: refused, nonsense, or something to answer.
 *
 * @param allowed See `StatusPlace.allowedHosts`.
 * @param isToken Whether a text is the page's token.
 */
export function decide(
  facts: RequestFacts,
  allowed: readonly string[],
  isToken: (text: string) => boolean,
): Decision {
  const { path, method } = facts
  const isPage = path === '' || path === '/'
  const verdict = judge(facts, allowed, isPage)
  if (!verdict.ok) return refused(verdict.why)
  const { reader } = verdict
  // Relative, since it may be served below a path that this server has never heard of.
  if (path === '') return { answer: redirect('./__ports/') }
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  if (!route)
    return { answer: textAnswer(404, 'There is nothing here. The status page is at /__ports/.') }
  if (route.to === 'action') {
    if (method !== 'POST') return { answer: notAllowed('POST') }
    const allowedTo = judgeAction(facts, reader, isToken)
    return allowedTo.ok ? { route, reader } : refused(allowedTo.why)
  }
  const streams = route.to === 'events'
  if (streams && method !== 'GET') return { answer: notAllowed('GET') }
  if (method !== 'GET' && method !== 'HEAD') return { answer: notAllowed('GET, HEAD') }
  if (route.to === 'explanation' && reader !== 'local') {
    return refused('explanations name other checkouts, and are for whoever sits at this machine')
  }
  return { route, reader }
}

function refused(why: string): Decision {
  return { answer: textAnswer(403, `Refused: ${why}.`) }
}

function redirect(location: string): Answer {
  return { ...textAnswer(302, location), headers: { Location: location } }
}

function notAllowed(allow: string): Answer {
  return { ...textAnswer(405, `Only ${allow}.`), headers: { Allow: allow } }
}

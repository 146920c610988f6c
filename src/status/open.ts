import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StatusPage, StatusPlace } from '../bundlers/status-page.ts'
import { isSameSecret } from '../utils/same-secret.ts'
import { type Answer, jsonAnswer, send, textAnswer } from './answers.ts'
import { collect } from './collect.ts'
import { EventHub, MAX_LISTENERS } from './event-hub.ts'
import { factsOf, type RequestFacts } from './facts.ts'
import type { Reader } from './guard.ts'
import { identityOf, projectId } from './identity.ts'
import { MachineWatch } from './machine-watch.ts'
import { forRemote } from './redact.ts'
import type { Identity, StatusReport } from './report.ts'
import { decide, type Route } from './routes.ts'
import type { StatusSource } from './source.ts'

/** A report is made of facts about the machine that are at most this old, in milliseconds. */
const MACHINE_AGE_MS = 1000

/** The status page of a run. Looks at nothing until it is asked; `end` it with the server. */
export function openStatusPage(
  source: StatusSource,
  place: StatusPlace,
): Omit<StatusPage, 'script'> {
  // A restarted server goes on with it, as the pages that are open do.
  source.session.pageToken ??= randomBytes(24).toString('base64url')
  const token = source.session.pageToken
  const machine = new MachineWatch(source)
  const report = async (): Promise<StatusReport> =>
    collect(source, place.service, await machine.facts(MACHINE_AGE_MS))
  const hub = new EventHub({
    report,
    watch(changed) {
      const { listeners } = source.session.log
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
  })

  const answerTo = async (
    route: Exclude<Route, { to: 'events' }>,
    reader: Reader,
    facts: RequestFacts,
    request: IncomingMessage,
  ): Promise<Answer> => {
    switch (route.to) {
      case 'page': {
        const { documentAnswer } = await import('./document.ts')
        return documentAnswer(reader === 'local' ? token : undefined)
      }
      case 'asset': {
        const { assetAnswer } = await import('./assets.ts')
        return assetAnswer(route.file)
      }
      case 'identity':
        return jsonAnswer(await identityAnswer(source, place, reader, facts))
      case 'qr': {
        const [url] = source.networkUrls()
        if (url === undefined) return textAnswer(404, 'Other devices can’t reach this server.')
        const { renderQrSvg } = await import('../output/qr-code.ts')
        return { status: 200, type: 'image/svg+xml', body: await renderQrSvg(url) }
      }
      case 'client': {
        const { renderClient } = await import('./notice.ts')
        const { project, label } = identityOf(source, place.service, reader)
        const { notice, titlePrefix } = source
        const body = renderClient({ server: { project, label }, notice, titlePrefix })
        return { status: 200, type: 'text/javascript; charset=utf-8', body }
      }
      case 'status': {
        const all = await report()
        return jsonAnswer(reader === 'local' ? all : forRemote(all))
      }
      case 'metrics':
        return metricsAnswer(source, machine)
      case 'explanation': {
        const { explainFor } = await import('./explain.ts')
        const found = await explainFor(facts.query.get('service') ?? '', source)
        return found ? jsonAnswer(found) : textAnswer(404, 'This checkout has no such service now.')
      }
      case 'action': {
        const { act } = await import('./actions.ts')
        const answer = await act(route.action, request, source)
        hub.poke()
        return answer
      }
    }
  }

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> => {
    const facts = factsOf(request, path)
    const decision = decide(facts, place.allowedHosts(), (text) => isSameSecret(text, token))
    if ('answer' in decision) return send(request, response, decision.answer)
    const { route, reader } = decision
    if (route.to !== 'events') {
      return send(request, response, await answerTo(route, reader, facts, request))
    }
    if (hub.size >= MAX_LISTENERS) {
      return send(request, response, textAnswer(503, 'Too many pages are open.'))
    }
    if (!response.destroyed) hub.add(response, reader)
  }

  return {
    handle(request, response, path) {
      response.on('error', () => {})
      answer(request, response, path).catch((error: unknown) => {
        // Only whoever sits at this machine may see more, and there it is in the log already.
        source.session.log.note('warning', `the status page failed: ${String(error)}`)
        send(request, response, textAnswer(500, 'The status page failed; its events say why.'))
      })
    },
    end: () => hub.end(),
  }
}

async function identityAnswer(
  source: StatusSource,
  { service }: StatusPlace,
  reader: Reader,
  { query }: RequestFacts,
): Promise<Identity> {
  const identity = identityOf(source, service, reader)
  const was = query.get('was')
  // Where other checkouts are is for readers at this machine.
  if (reader === 'remote' || !was || was === identity.project) return identity
  const { findServer } = await import('./whereabouts.ts')
  const isProject = (root: string): boolean => projectId(root) === was
  const url = await findServer(isProject, service, source.world.place)
  return { ...identity, was: url === undefined ? {} : { url } }
}

async function metricsAnswer(source: StatusSource, machine: MachineWatch): Promise<Answer> {
  const { renderMetrics } = await import('./metrics.ts')
  const { log, healthSources, checkout } = source.session
  const { pools } = await machine.facts(MACHINE_AGE_MS)
  const health = [...healthSources].flatMap((one) => one.all())
  const labels: Record<string, string> = checkout.branch ? { branch: checkout.branch } : {}
  const body = renderMetrics({ tally: log.tally, health, pools }, labels)
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body }
}

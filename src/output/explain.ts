import { attemptRows } from '../reservation/attempt-rows.ts'
import { holderText } from '../reservation/holder-text.ts'
import type { ServiceTrace } from '../reservation/trace.ts'
import type { Allocation, PortHolder, PortSource } from '../types.ts'

/** What became of a service, with everything that is known of how. */
export type ExplanationData =
  | ServiceTrace
  /** Another process has it, and only that one knows what it tried. */
  | { readonly outcome: 'elsewhere'; readonly service: string; readonly holder: PortHolder }

const HOW: Record<PortSource, string> = {
  typed: 'asked for by number',
  env: 'set by its variable',
  preferred: 'preferred',
  sticky: 'remembered from the last run',
  range: 'from its range',
  any: 'any free port, as its range had none',
}

const STATES: Record<Allocation['state'], string> = {
  held: 'held until its server takes it over',
  serving: 'its server listens',
  leased: 'kept free for a server that somebody else starts',
  running: 'its server was running already',
  shared: 'shared with another service',
}

/**
 * Why a service has its port, for people: one line on what came of it, then every candidate with its
 * reason.
 *
 * @param from Directory that paths are shown relative to.
 */
export function renderExplanation(data: ExplanationData, from: string): string {
  if (data.outcome === 'elsewhere') {
    const { service, holder } = data
    const since = holder.since ? ` since ${holder.since}` : ''
    return `${service} has ${holder.port} in another process: ${holderText(holder, from)}${since}. Only that process knows what it tried.`
  }
  const count = data.attempts.length === 1 ? '1 attempt' : `${data.attempts.length} attempts`
  const headline =
    data.outcome === 'allocated'
      ? `${data.service} has ${data.path ?? data.port}: ${HOW[data.source]} (${count}); ${STATES[data.state]}.`
      : `${data.service} has no port (${count}, ${data.code}); it is not required.`
  const rows = attemptRows(data.attempts, from)
  const ports = Math.max(0, ...rows.map((row) => row.ports.length))
  const sources = Math.max(0, ...rows.map((row) => row.source.length))
  return [
    headline,
    ...rows.map(
      (row) => `  ${row.ports.padEnd(ports)}  ${row.source.padEnd(sources)}  ${row.text}`,
    ),
  ].join('\n')
}

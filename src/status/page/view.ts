import type { ExplanationReport } from '../explain.ts'
import type { ServiceReport, StatusReport } from '../report.ts'

/** Whether what is shown is how it is. */
export type Connection =
  | 'connecting'
  | 'live'
  /** It was cut off; the page tries again. */
  | 'lost'
  /** The server said that it ends; the page waits for the next one. */
  | 'ended'
  /** This reader is not let in (any more). */
  | 'refused'

/** Everything that the page's look depends on. */
export interface View {
  report: StatusReport | undefined
  connection: Connection
  /** Keys of the services whose details are open. */
  readonly open: Set<string>
  /** By key; `undefined` while it is being fetched, a text when that failed. */
  readonly explanations: Map<string, ExplanationReport | string | undefined>
  /** The list of events is shown to its end. */
  allEvents: boolean
  /** What was copied just now. */
  copied: string | undefined
}

/** What tells a service from those of other roots. */
export function keyOf({ service, within }: Pick<ServiceReport, 'service' | 'within'>): string {
  return `${within ?? ''}:${service}`
}

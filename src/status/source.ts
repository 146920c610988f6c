import type { SummaryRow } from '../output/summary.ts'
import type { Area } from '../reservation/utilisation.ts'
import type { Session } from '../reservation/session.ts'
import type { SessionWorld } from '../session/world.ts'
import type { PortReservation } from '../reservation/reservation.ts'

/** What a run tells the status page of itself; everything is asked anew for each report. */
export interface StatusSource {
  readonly session: Session
  readonly world: Pick<SessionWorld, 'env' | 'place' | 'pid'>
  /** Name of the env file, for people. */
  readonly envFile: string | undefined
  /** The app's pages watch whose server they have. */
  readonly notice: boolean
  /** What goes before the titles of the app's pages; `undefined` when nothing should. */
  readonly titlePrefix: string | undefined
  /** Where other devices reach the server, the likeliest first; empty when none does. */
  networkUrls(): readonly string[]
  /** The services in the order of the options. */
  rows(): readonly SummaryRow[]
  reservation(service: string): PortReservation | undefined
  /** It is really probed; a server of this process that nobody gave a probe is not. */
  isProbed(service: string): boolean
  /** Variables that publish the service, with their values. */
  variables(service: string): readonly [name: string, value: string][]
  /** What starts its server, if that is known. */
  startCommand(service: string): string | undefined
  /** Pools and ranges whose use is shown. */
  areas(): readonly Area[]
}

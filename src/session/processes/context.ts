import type { PortReservation } from '../../reservation/reservation.ts'
import type { Session } from '../../reservation/session.ts'
import type { ProcessState, ServiceProcess } from '../../types.ts'

/** A line that a process has written. */
export interface ProcessLine {
  readonly service: string
  readonly stream: 'stdout' | 'stderr'
  /** Without a line break and without whatever moves the cursor. */
  readonly line: string
}

/** A process in another state. */
export interface ProcessChange {
  readonly process: ServiceProcess
  readonly before: ProcessState
}

/** What processes need of the session around them. */
export interface ProcessContext {
  readonly session: Session
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Lines end in a terminal that shows colours. */
  readonly colors: boolean
  /** The present reservation of a service, whoever has it. */
  reservation(service: string): PortReservation | undefined
  /** The variables that publish all services, as they are now. */
  variables(): Record<string, string>
  /** Everything but a colour has been taken out of it. */
  write(line: ProcessLine): void
  /** One line for people. */
  say(text: string, level: 'info' | 'warn'): void
  changed(change: ProcessChange): void
  /** Resolves when the service may be depended on; rejects when `signal` is aborted. */
  ready(service: string, signal: AbortSignal): Promise<void>
}

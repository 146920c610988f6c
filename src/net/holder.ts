import type { BindOutcome } from './bind.ts'

/** Keeps others off what it has bound until the real server takes it over. Never keeps the process alive. */
export interface Holder {
  /**
   * Binds in this tick.
   *
   * @param port Of no account for a holder of a path.
   * @param address An IP literal; `undefined` for all interfaces.
   */
  bind(port: number, address: string | undefined): BindOutcome
  /** The kernel still has it bound. */
  readonly intact: boolean
  /** Connections or messages that wait for the real server. */
  readonly waiting: number
  /** Lets go. Idempotent; does nothing after a handover. */
  close(): void
}

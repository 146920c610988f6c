import colors from 'picocolors'
import type { HostLogger } from '../bundlers/adapter.ts'
import { renderSummary } from '../output/summary.ts'
import { describeHolders } from '../reservation/holders.ts'
import type { LeasePlace } from '../reservation/who-holds.ts'
import { withDeadline } from '../utils/deadline.ts'
import { type RunFacts, summaryRows } from './run-facts.ts'

/** The summary waits this long for the names of who holds the preferred ports, in milliseconds. */
const HOLDERS_WAIT_MS = 1500

/** Prints a run's table, and again only when it has changed. */
export class RunSummary {
  readonly #columns: number
  readonly #page: () => string | undefined
  #facts: RunFacts
  #holders: Promise<void>
  #holdersKnown = false
  #printed = ''

  /**
   * Looks for the names of who holds the preferred ports, which are there when the table is printed.
   *
   * @param page URL of the status page; `undefined` without one.
   */
  constructor(facts: RunFacts, place: LeasePlace, columns: number, page: () => string | undefined) {
    this.#facts = facts
    this.#page = page
    this.#columns = columns
    const { reservations, missing } = facts.use
    const attempts = [
      ...[...reservations.values()].flatMap((reservation) => reservation.attempts),
      ...missing.flatMap((problem) => problem.attempts),
    ]
    this.#holders = this.#know(describeHolders(attempts, place))
  }

  /** Prints the table once; again only when it has changed. */
  print(logger: HostLogger): void {
    if (!this.#facts.request.options.summary) return
    if (this.#holdersKnown) return this.#write(logger)
    void withDeadline(this.#holders, HOLDERS_WAIT_MS, undefined).then(() => this.#write(logger))
  }

  /** Prints the table again if it was printed and is out of date. */
  reprint(logger: HostLogger): void {
    if (this.#printed) this.print(logger)
  }

  /** Prints when it differs from what `previous` has printed, if that has printed anything. */
  continueAfter(previous: RunSummary, logger: HostLogger): void {
    if (!previous.#printed) return
    this.#printed ||= previous.#printed
    this.print(logger)
  }

  /** Goes on with what `next` shows. */
  become(next: RunSummary): void {
    this.#facts = next.#facts
    this.#holdersKnown = false
    this.#holders = this.#know(next.#holders)
  }

  #know(holders: Promise<void>): Promise<void> {
    // Without names the table says less, and is as right.
    const known: Promise<void> = holders
      .catch(() => {})
      .then(() => {
        if (this.#holders === known) this.#holdersKnown = true
      })
    return known
  }

  #write(logger: HostLogger): void {
    const { use, request, files } = this.#facts
    const { checkout } = use.session
    const text = renderSummary(summaryRows(this.#facts), {
      width: this.#columns,
      colors,
      from: checkout.dir,
      branch: checkout.branch,
      linked: checkout.kind === 'worktree',
      envFile: files.blockName,
      page: this.#page(),
      full: request.options.summary === 'full',
    }).join('\n')
    if (text === this.#printed) return
    this.#printed = text
    if (text) logger.info(text)
  }
}

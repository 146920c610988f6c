import { explainHere } from '../machine/explain.ts'
import { hereOf } from '../machine/leases-here.ts'
import { type ExplanationData, renderExplanation } from '../output/explain.ts'
import { type AttemptRow, attemptRows } from '../reservation/attempt-rows.ts'
import { describeHolders } from '../reservation/holders.ts'
import { tracesOf } from '../reservation/trace.ts'
import { withoutForeignCommand } from './own-process.ts'
import type { StatusSource } from './source.ts'

/** Why a service has its port: what `/__ports/explain.json` says. */
export interface ExplanationReport {
  readonly v: 1
  readonly service: string
  /** What came of it, in one line. */
  readonly headline: string
  /** Every candidate in the order tried; empty when only another process knows. */
  readonly attempts: readonly AttemptRow[]
}

/**
 * Why a service of this checkout has its port, with who is on the passed-over ones now.
 *
 * @param within Root that has it, relative to the checkout; the run's own when absent.
 * @returns `undefined` when there is no such service.
 */
export async function explainFor(
  service: string,
  source: StatusSource,
): Promise<ExplanationReport | undefined> {
  const { checkout, identity } = source.session
  const { place } = source.world
  const data = findHere(service, source) ?? (await findElsewhere(service, source))
  if (!data) return undefined
  if ('attempts' in data) {
    await describeHolders(data.attempts, place)
    for (const attempt of data.attempts) {
      if (attempt.holder) attempt.holder = withoutForeignCommand(attempt.holder)
    }
  }
  const shown =
    data.outcome === 'elsewhere' ? { ...data, holder: withoutForeignCommand(data.holder) } : data
  const [headline = ''] = renderExplanation(shown, checkout.dir).split('\n', 1)
  const attempts = 'attempts' in data ? attemptRows(data.attempts, checkout.dir) : []
  return { v: 1, service, headline, attempts }

  function findHere(name: string, { session }: StatusSource): ExplanationData | undefined {
    const named = tracesOf(session.identity.root).filter((trace) => trace.service === name)
    return named.find(({ outcome }) => outcome === 'allocated') ?? named[0]
  }

  async function findElsewhere(
    name: string,
    { session }: StatusSource,
  ): Promise<ExplanationData | undefined> {
    // From the checkout itself, so that its other roots count too.
    const here = { ...hereOf(identity.root, place), cwd: session.checkout.dir }
    const found = await explainHere(name, here).catch(() => [])
    return found[0]?.data
  }
}

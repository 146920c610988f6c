import type { Mismatch } from '../../machine/reconcile.ts'
import type { Finding } from '../finding.ts'

/**
 * Leases whose owner hangs, or whose port somebody else serves. Of other checkouts, or nobody knows
 * whose, they are only good to know.
 *
 * @param checkout Directory of the own one.
 */
export function checkLeases(mismatches: readonly Mismatch[], checkout: string): Finding[] {
  return mismatches.map((mismatch) => {
    const finding = findingOf(mismatch)
    return mismatch.lease?.checkout === checkout ? finding : { ...finding, severity: 'note' }
  })
}

function findingOf({ port, problem, lease, who }: Mismatch): Finding {
  const whose = lease ? `"${lease.service}" of ${lease.root} (pid ${lease.pid})` : 'somebody'
  const common = { code: 'leases', port, ...(lease && { service: lease.service }) } as const
  switch (problem) {
    case 'no-answer':
      return {
        ...common,
        severity: 'warning',
        message: `port ${port} is leased, but its owner does not answer: it is busy or suspended.`,
        fix: `See \`ports who ${port}\`; continue that process (\`fg\`) or end it.`,
      }
    case 'nobody-listens':
      return {
        ...common,
        severity: 'warning',
        message: `port ${port} is held for ${whose}, but nobody listens there.`,
        fix: 'Restart that process.',
      }
    case 'foreign-server':
      return {
        ...common,
        severity: 'error',
        message: `port ${port} is leased for ${whose}, but the server there is ${who}.`,
        fix: `\`ports stop ${port}\`, or restart that session on another port.`,
      }
  }
}

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LeaseAnswer } from '../../lease/answer.ts'
import { defaultVariables } from '../../machine/variables.ts'
import { readEnvBlock } from '../../output/env-block.ts'
import { readEnvText } from '../../output/env-file.ts'
import { portInValue } from '../../output/port-in-value.ts'
import type { BlockFacts } from '../checks/env-block.ts'

/**
 * The managed blocks of some roots of a checkout, and what runs.
 *
 * @param roots Absolute.
 * @param leases Every lease on this machine.
 */
export function gatherBlocks(
  roots: readonly string[],
  leases: readonly LeaseAnswer[],
  checkout: string,
): BlockFacts[] {
  const others = new Map(
    leases
      .filter((lease) => lease.checkout !== checkout)
      .map((lease) => [lease.port, `"${lease.service}" of ${lease.root}`]),
  )
  return roots.flatMap((root) => {
    const ofRoot = leases.filter((lease) => lease.root === root)
    const ofCheckout = leases.filter((lease) => lease.checkout === checkout)
    const own = new Set(ofCheckout.map(({ port }) => port))
    const live = new Map(
      ofRoot.flatMap(({ service, port }) =>
        defaultVariables(service, port).map(([name]) => [name, { service, port }] as const),
      ),
    )
    return envFilesOf(root).flatMap((file): BlockFacts[] => {
      const variables = readEnvBlock(readEnvText(file) ?? '')
      if (variables.size === 0) return []
      const ports = new Map(
        [...variables].flatMap(([name, value]) => {
          const port = portInValue(value)
          return port === undefined ? [] : [[name, port] as const]
        }),
      )
      return [{ file, variables, ports, live, own, others }]
    })
  })
}

function envFilesOf(root: string): string[] {
  try {
    const names = readdirSync(root).filter((name) => name.startsWith('.env'))
    return names.toSorted().map((name) => join(root, name))
  } catch {
    return []
  }
}

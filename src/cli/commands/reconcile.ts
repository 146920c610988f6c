import { hereOf } from '../../machine/leases-here.ts'
import { findMismatches, type Mismatch } from '../../machine/reconcile.ts'
import { nearPath } from '../../reservation/holder-text.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { cleanUp, printCleaned, toJson } from './clean.ts'

/** `ports reconcile` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const mismatches = await findMismatches(here, { place, env })
  const cleaned = await cleanUp(input)
  if (input.has('json')) {
    const dryRun = input.has('dry-run')
    io.json({ v: 1, dryRun, mismatches, removed: cleaned.map(toJson) })
  } else {
    if (mismatches.length === 0) io.out('Every lease agrees with who listens.')
    for (const mismatch of mismatches)
      io.err(`${mismatch.port}  ${textOf(mismatch, here.checkout.dir)}`)
    printCleaned(cleaned, input, io)
  }
  const isWell = mismatches.length === 0 && cleaned.every(({ problem }) => problem === undefined)
  return isWell ? EXIT.ok : EXIT.failed
}

function textOf({ port, problem, lease, who }: Mismatch, from: string): string {
  const place = lease?.root === from ? 'this checkout' : nearPath(lease?.root ?? from, from)
  const whose = `"${lease?.service}" of ${place} (pid ${lease?.pid})`
  switch (problem) {
    case 'no-answer':
      return 'is leased, but its owner does not answer: it is busy or suspended.'
    case 'nobody-listens':
      return `is held for ${whose}, but nobody listens there. Restart that process.`
    case 'foreign-server':
      return `is leased for ${whose}, but the server there is ${who}. See \`ports stop ${port}\`.`
  }
}

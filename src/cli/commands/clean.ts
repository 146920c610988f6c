import { clean, type Cleaned } from '../../machine/clean.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { type RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'
import type { Io } from '../io.ts'

/** `ports clean` */
export const run: RunCommand = async (input, io) => {
  const cleaned = await cleanUp(input)
  if (input.has('json')) {
    io.json({ v: 1, dryRun: input.has('dry-run'), removed: cleaned.map(toJson) })
  } else printCleaned(cleaned, input, io)
  return cleaned.some(({ problem }) => problem !== undefined) ? EXIT.failed : EXIT.ok
}

/** What the flags of the command line ask for. */
export function cleanUp(input: CommandInput): Promise<Cleaned[]> {
  const { cwd, place } = input.world
  const unusedMs = input.text('unused') === undefined ? undefined : input.duration('unused', 0)
  return clean(hereOf(cwd, place), { dry: input.has('dry-run'), unusedMs })
}

/** A leftover and what became of it, in the documented shape. */
export function toJson({ leftover, problem }: Cleaned): object {
  return { ...leftover, ...(problem !== undefined && { problem }) }
}

/** One line for each leftover. */
export function printCleaned(cleaned: readonly Cleaned[], input: CommandInput, io: Io): void {
  const done = input.has('dry-run') ? 'would be forgotten' : 'forgotten'
  if (cleaned.length === 0) io.out('Nothing to clean up.')
  for (const { leftover, problem } of cleaned) {
    if (problem === undefined) io.out(`${done}: ${textOf(leftover)}`)
    else io.err(`left: ${leftover.path} ${problem}`)
  }
}

function textOf(leftover: Cleaned['leftover']): string {
  switch (leftover.what) {
    case 'root': {
      const why = leftover.why === 'gone' ? 'which is gone' : 'long unused'
      return `ports ${list(leftover.ports)} of ${leftover.root}, ${why}`
    }
    case 'service': {
      const { service, ports, root, usedOn } = leftover
      return `ports ${list(ports)} of "${service}" in ${root}, last used on ${usedOn}`
    }
    case 'token':
      return `the token of process ${leftover.pid}, which has ended`
    case 'file':
      return `${leftover.path}, which nobody can read`
  }
}

function list(ports: readonly number[]): string {
  return ports.length > 0 ? ports.join(', ') : '(none)'
}

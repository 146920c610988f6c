import { statSync } from 'node:fs'
import { processWorld, type SessionWorld } from '../session/world.ts'
import { realRoot } from '../utils/real-root.ts'
import { UsageError } from './usage-error.ts'

/**
 * The world of this process, seen from the directory of `--cwd`.
 *
 * @throws UsageError when there is no such directory.
 */
export function cliWorld(cwd: string | true | undefined): SessionWorld {
  const world = processWorld()
  if (typeof cwd !== 'string') return { ...world, cwd: realRoot(world.cwd) }
  const directory = realRoot(world.cwd, cwd)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--cwd is ${JSON.stringify(cwd)}, which is no directory.`)
  }
  return { ...world, cwd: directory }
}

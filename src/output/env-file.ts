import { writeFileAtomicSync } from '../utils/atomic-write.ts'
import { describeFileError } from '../utils/file-error.ts'
import { findEnvBlocks, readEnvBlock, replaceEnvBlock } from './env-block.ts'
import { readEnvFile } from './env-read.ts'

/** How an update of an env file went. */
export interface EnvFileResult {
  /** `'refused'`: the file is as it was, and `reason` says why. */
  readonly status: 'created' | 'updated' | 'unchanged' | 'refused'
  /** The file had no managed block before and has one now. */
  readonly firstBlock: boolean
  /** With `'created'` and `'updated'`. */
  readonly write?: EnvWrite
  /** For people, to stand after "can't write .env.local:"; only with `'refused'`. */
  readonly reason?: string
}

/** What was written. */
export interface EnvWrite {
  /** latin1, so that every byte counts. */
  readonly text: string
  /** Names of the block's variables that were added, changed or removed. */
  readonly changed: readonly string[]
}

/** Each try that fails means that another process got its own update in. */
const MAX_TRIES = 20

/**
 * Brings the managed block of an env file up to date; writes only when that changes a byte.
 *
 * When another process changes the file meanwhile, its content is read again and `next` asked
 * again. Between the last look and the rename a few microseconds remain in which an edit is lost.
 *
 * @param next gets the block's variables and returns those it shall have; none removes the block
 * @throws TypeError for variables that need quotes, and what `next` throws; never for the file.
 */
export function updateEnvFile(
  path: string,
  next: (current: ReadonlyMap<string, string>) => ReadonlyMap<string, string>,
): EnvFileResult {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = readEnvFile(path)
    if ('reason' in found) return refused(found.reason)
    const before = found.text ?? ''
    const after = replaceEnvBlock(before, next(readEnvBlock(before)))
    if (after === before) return { status: 'unchanged', firstBlock: false }
    if (found.readOnly) return refused('it is read-only')

    try {
      // The bytes, not the time stamp: a file system's clock may stand still for milliseconds.
      const mayReplace = () => readEnvText(path) === found.text
      if (!writeFileAtomicSync(path, Buffer.from(after, 'latin1'), { mayReplace })) continue
    } catch (error) {
      return refused(describeFileError(error))
    }
    return {
      status: found.text === undefined ? 'created' : 'updated',
      firstBlock: findEnvBlocks(before).length === 0,
      write: { text: after, changed: changedNames(before, after) },
    }
  }
  return refused('other programs keep changing it')
}

/**
 * latin1 decoding of an env file, which keeps every byte. Undefined when there is none, and when it
 * can't be read, is no regular file, looks like UTF-16 or is larger than 1 MiB.
 */
export function readEnvText(path: string): string | undefined {
  const found = readEnvFile(path)
  return 'reason' in found ? undefined : found.text
}

function changedNames(before: string, after: string): string[] {
  const [old, fresh] = [readEnvBlock(before), readEnvBlock(after)]
  const names = new Set([...old.keys(), ...fresh.keys()])
  return [...names].filter((name) => old.get(name) !== fresh.get(name))
}

function refused(reason: string): EnvFileResult {
  return { status: 'refused', firstBlock: false, reason }
}

import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import { describeFileError, fileErrorCode } from '../utils/file-error.ts'
import { readBytes } from '../utils/read-text.ts'

/** What stands in an env file, or why that can't be said. */
export type EnvFileContent =
  | {
      /** latin1 decoding of the bytes; undefined when there is no file. */
      readonly text: string | undefined
      /** Nobody has permission to write it, whatever root could do. */
      readonly readOnly: boolean
    }
  | {
      /** For people, to stand after "can't use .env.local:". */
      readonly reason: string
    }

const MAX_BYTES = 1024 * 1024

/** Reads a regular file of at most 1 MiB that is not UTF-16. Never throws, never waits for a pipe. */
export function readEnvFile(path: string): EnvFileContent {
  try {
    // Before opening: to open a pipe or a device can already wake somebody up.
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found) return { text: undefined, readOnly: false }
    return refusalOf(found) ?? readOpened(path)
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return { text: undefined, readOnly: false }
    return { reason: describeFileError(error) }
  }
}

function readOpened(path: string): EnvFileContent {
  // Windows has no such flag, and no pipes among its files.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = fstatSync(fd)
    const refusal = refusalOf(stats)
    if (refusal) return refusal
    const text = readBytes(fd, MAX_BYTES).toString('latin1')
    if (/^(?:\u00ff\u00fe|\u00fe\u00ff)|\0/.test(text)) return { reason: 'it looks like UTF-16' }
    return { text, readOnly: (stats.mode & 0o222) === 0 }
  } finally {
    closeSync(fd)
  }
}

function refusalOf(stats: Stats): { reason: string } | undefined {
  if (stats.isDirectory()) return { reason: 'it is a directory' }
  if (!stats.isFile()) return { reason: 'it is not a regular file' }
  if (stats.size > MAX_BYTES) return { reason: 'it is larger than 1 MiB' }
  return undefined
}

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'

/** Longest file that is read as a whole unless its reader says otherwise, in bytes. */
export const MAX_TEXT_BYTES = 1024 * 1024

/** What is read at once, in bytes. */
const CHUNK_BYTES = 64 * 1024

/**
 * The text of a regular file. Never waits for a pipe or a device, and never reads more than it says,
 * also of a file that grows meanwhile or that tells no size.
 *
 * @param maxBytes Default: 1 MiB.
 * @throws The system's error, or one with the code `EFBIG` (it is longer) or `EISDIR` or `EINVAL`
 * (it is no regular file), in words to stand behind the path and a colon.
 */
export function readText(path: string, maxBytes: number = MAX_TEXT_BYTES): string {
  // Before opening: to open a pipe or a device can already wake somebody up.
  refuseOthers(statSync(path))
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    refuseOthers(fstatSync(fd))
    return readBytes(fd, maxBytes).toString('utf8')
  } finally {
    closeSync(fd)
  }
}

/**
 * Everything in an open file, from its beginning.
 *
 * @throws An error with the code `EFBIG` when that is more than `maxBytes`.
 */
export function readBytes(fd: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes + 1 - length))
    const read = readSync(fd, chunk, 0, chunk.length, length)
    if (read === 0) return Buffer.concat(chunks, length)
    chunks.push(chunk.subarray(0, read))
    length += read
    if (length > maxBytes) throw fileError('EFBIG', `it is larger than ${inUnits(maxBytes)}`)
  }
}

function refuseOthers(stats: Stats): void {
  if (stats.isDirectory()) throw fileError('EISDIR', 'it is a directory')
  if (!stats.isFile()) throw fileError('EINVAL', 'it is not a regular file')
}

function fileError(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}

function inUnits(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`
}

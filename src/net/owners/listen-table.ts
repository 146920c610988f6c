import { closeSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** What is asked for at once, in bytes; the kernel gives less. */
const CHUNK_BYTES = 64 * 1024
const LISTENS = /^ *\d+: \S+ \S+ 0A /m

/**
 * The text of `/proc/net/tcp` or `tcp6` as far as it tells of servers. The kernel names them first,
 * and tens of thousands of connections may follow, which would take longer than everything else.
 *
 * @throws The system's error.
 */
export async function readListenTable(path: string): Promise<string> {
  const file = await open(path)
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    let table = ''
    for (;;) {
      const { bytesRead } = await file.read(chunk)
      const text = chunk.toString('latin1', 0, bytesRead)
      table += text
      if (!LISTENS.test(text)) return table
    }
  } finally {
    await file.close()
  }
}

/** {@link readListenTable} in this tick. */
export function readListenTableNow(path: string): string {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    let table = ''
    for (;;) {
      const text = chunk.toString('latin1', 0, readSync(file, chunk))
      table += text
      if (!LISTENS.test(text)) return table
    }
  } finally {
    closeSync(file)
  }
}

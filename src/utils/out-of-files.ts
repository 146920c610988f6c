import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { PortsError } from '../errors.ts'

/**
 * What to say when something failed because no more files may be open; `undefined` for other errors.
 *
 * @param what What could not be done, as a sentence without its end. Default: that this package can't go on.
 */
export function outOfFiles(
  cause: unknown,
  what = 'This needs a file or a socket of its own',
): PortsError | undefined {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined
  const whose = code === 'EMFILE' ? 'this process' : 'this machine'
  return new PortsError(
    'PORTS_DENIED',
    `${what}: ${whose} has too many files open. Raise its limit (\`ulimit -n\`), or close some.`,
    { cause },
  )
}

/**
 * For failures that don't say why they came: they were nobody's fault when no file can be opened.
 *
 * @throws PortsError `PORTS_DENIED` when that is so.
 */
export function expectFilesLeft(what: string): void {
  try {
    closeSync(openSync(devNull, 'r'))
  } catch (error) {
    const problem = outOfFiles(error, what)
    if (problem) throw problem
  }
}

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFileAtomicSync } from '../utils/atomic-write.ts'
import { describeFileError } from '../utils/file-error.ts'
import { readText } from '../utils/read-text.ts'
import { installArguments, type PackageManager } from './package-manager.ts'
import type { FileChange } from './plan.ts'

/**
 * Writes a file as a whole, unless somebody changed it since it was read.
 *
 * @returns What went wrong, in words to stand after the path; `undefined` when it is written.
 */
export function writeChange({ path, before, after }: FileChange): string | undefined {
  const isSame = (): boolean =>
    before === undefined ? !existsSync(path) : readText(path) === before
  try {
    const written = writeFileAtomicSync(path, Buffer.from(after), { mayReplace: isSame })
    return written ? undefined : 'was changed meanwhile, so it is left alone'
  } catch (error) {
    return `can't be written: ${describeFileError(error)}`
  }
}

/**
 * Installs this package for development, and shows on stderr what the package manager says.
 *
 * @returns Its exit code; `undefined` when it could not be started.
 */
export function install(manager: PackageManager, cwd: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(manager, installArguments(manager), {
      cwd,
      // On Windows it is a batch file; nothing in the line comes from outside.
      shell: process.platform === 'win32',
      stdio: ['ignore', process.stderr, process.stderr],
    })
    child.on('error', () => resolve(undefined))
    child.on('exit', (code) => resolve(code ?? undefined))
  })
}

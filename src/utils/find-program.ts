import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * The path of an installed program. Only absolute directories of `PATH` count: a program that lies in
 * the working directory is not what anybody meant.
 *
 * @returns `undefined` when it is not installed.
 */
export function findProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  const file = platform === 'win32' ? `${name}.exe` : name
  // Windows spells it "Path", and a copied environment is case-sensitive.
  const path = env.PATH ?? env.Path ?? ''
  return path
    .split(delimiter)
    .filter((directory) => isAbsolute(directory))
    .map((directory) => join(directory, file))
    .find((candidate) => isProgram(candidate))
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

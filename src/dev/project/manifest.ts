import { join } from 'node:path'
import { readText } from '../../utils/read-text.ts'

/** What is used of a `package.json`. */
export interface Manifest {
  readonly name: string | undefined
  readonly scripts: Readonly<Record<string, string>>
  /** Globs of the packages of a workspace. */
  readonly workspaces: readonly string[]
}

/** The `package.json` of a directory; `undefined` when there is none that can be read. */
export function readManifest(directory: string): Manifest | undefined {
  let value: unknown
  try {
    value = JSON.parse(readText(join(directory, 'package.json')))
  } catch {
    // Whoever has no readable manifest has nothing to suggest.
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { name, scripts, workspaces } = value as Record<string, unknown>
  const listed = isTable(workspaces) ? workspaces.packages : workspaces
  return {
    name: typeof name === 'string' ? name : undefined,
    scripts: Object.fromEntries(
      Object.entries(isTable(scripts) ? scripts : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
    workspaces: texts(listed),
  }
}

/** The strings of a list; nothing for anything else. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

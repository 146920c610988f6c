import { join } from 'node:path'
import { readText } from '../utils/read-text.ts'

/** What is read of a `package.json`. */
export interface Manifest {
  /** The file as it is. */
  readonly text: string
  /** Scripts by name. */
  readonly scripts: Readonly<Record<string, string>>
  /** Names of everything that it depends on, however. */
  readonly dependencies: ReadonlySet<string>
  /** Its `.js` files are ES modules. */
  readonly isModule: boolean
  /** `packageManager`, such as `pnpm@10.2.0`. */
  readonly packageManager: string | undefined
}

/** The `package.json` of a directory; `undefined` when there is none that is valid JSON. */
export function readManifest(dir: string): Manifest | undefined {
  try {
    const text = readText(join(dir, 'package.json'))
    const value = JSON.parse(text.replace(/^\uFEFF/, '')) as Record<string, unknown> | null
    if (typeof value !== 'object' || value === null) return undefined
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
    const scripts = Object.entries(objectOf(value.scripts)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    const { packageManager, type } = value
    return {
      text,
      scripts: Object.fromEntries(scripts),
      dependencies: new Set(kinds.flatMap((kind) => Object.keys(objectOf(value[kind])))),
      isModule: type === 'module',
      packageManager: typeof packageManager === 'string' ? packageManager : undefined,
    }
  } catch {
    // A project without one has nothing to say; a broken one its package manager complains about.
    return undefined
  }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

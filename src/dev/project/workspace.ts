import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readManifest, texts } from './manifest.ts'

/** Never part of a workspace's packages. */
const SKIPPED = /^(?:node_modules|\.|dist$)/
/** Directories below each other that `**` goes down. */
const MAX_DEPTH = 5

/**
 * The packages of the workspace at `root`, as paths relative to it with `/`, in the order of the alphabet.
 *
 * @param more Globs besides those of the workspace. Default: none.
 */
export async function packageDirectories(
  root: string,
  more: readonly string[] = [],
): Promise<string[]> {
  const globs = [...(readManifest(root)?.workspaces ?? []), ...(await pnpmGlobs(root)), ...more]
  const out = globs.filter((glob) => glob.startsWith('!')).map((glob) => matcher(glob.slice(1)))
  const found = new Set<string>()
  for (const glob of globs) {
    if (glob.startsWith('!')) continue
    for (const place of expand(root, tidy(glob).split('/'))) {
      if (readManifest(join(root, place)) && !out.some((isOut) => isOut.test(place))) {
        found.add(place)
      }
    }
  }
  found.delete('')
  return [...found].toSorted()
}

async function pnpmGlobs(root: string): Promise<string[]> {
  let text: string
  try {
    text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  } catch {
    return []
  }
  const { parse } = await import('yaml')
  try {
    return texts((parse(text) as { packages?: unknown } | null)?.packages)
  } catch {
    // pnpm itself will say what is wrong with it.
    return []
  }
}

function tidy(glob: string): string {
  return glob.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
}

function expand(root: string, [part, ...rest]: readonly string[], place = '', depth = 0): string[] {
  if (part === undefined) return [place]
  const inside = (name: string): string => (place === '' ? name : `${place}/${name}`)
  if (part === '..') return []
  if (!part.includes('*')) return expand(root, rest, part === '.' ? place : inside(part), depth)
  const names = directoriesIn(join(root, place))
  if (part === '**') {
    const here = expand(root, rest, place, depth)
    if (depth >= MAX_DEPTH) return here
    return [
      ...here,
      ...names.flatMap((name) => expand(root, [part, ...rest], inside(name), depth + 1)),
    ]
  }
  const isMeant = matcher(part)
  return names
    .filter((name) => isMeant.test(name))
    .flatMap((name) => expand(root, rest, inside(name), depth))
}

function directoriesIn(directory: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
  return entries
    .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
    .map(({ name }) => name)
}

function matcher(glob: string): RegExp {
  const source = tidy(glob)
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[$()+.?[\\\]^{|}]/g, '\\$&'),
    )
    .join('')
  return new RegExp(`^${source}$`)
}

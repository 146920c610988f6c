import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { readGitWorkTree, readStart } from './git-dir.ts'

/** The tree of files that a person would call "my copy of the project". */
export interface Checkout {
  /** Absolute, with symbolic links resolved, so that two spellings of one place are equal. */
  dir: string
  /**
   * `'git'`: a main work tree. `'worktree'`: a linked one. `'workspace'`, `'package'`: without git,
   * the root of a monorepo or a directory with a `package.json`. `'directory'`: none of these.
   */
  kind: 'git' | 'worktree' | 'workspace' | 'package' | 'directory'
  /** Branch of a git checkout, or the first seven digits of a detached HEAD. */
  branch?: string
  /** Main work tree of a linked one, where it can be told; a bare repository has none. */
  main?: string
  /** Of a linked one: the directory that git keeps for it, which stays the same when it is moved. */
  gitDir?: string
}

/** A manifest beyond this is taken for a package that is no workspace root. */
const MAX_MANIFEST_BYTES = 256 * 1024

/**
 * Finds the checkout that `dir` lies in: the nearest git work tree (a submodule belongs to the tree
 * around it), else the nearest workspace root, else the nearest package, else `dir` itself.
 *
 * Reads a few small files and never throws; a directory that does not exist is returned as it is.
 */
export function findCheckout(dir: string): Checkout {
  const start = realPath(dir)
  if (start === undefined) return { dir, kind: 'directory' }
  const upwards = [...selfAndParents(start)]
  return (
    first(upwards, gitCheckout) ??
    first(upwards, (dir) => (isWorkspaceRoot(dir) ? { dir, kind: 'workspace' } : undefined)) ??
    first(upwards, (dir) => (hasManifest(dir) ? { dir, kind: 'package' } : undefined)) ?? {
      dir: start,
      kind: 'directory',
    }
  )
}

/** Whether `child` is `parent` or lies below it, by the paths alone; relative ones count from the working directory. */
export function isInside(child: string, parent: string): boolean {
  const path = relative(parent, child)
  // On Windows the path to another drive is absolute.
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

function gitCheckout(dir: string): Checkout | undefined {
  const tree = readGitWorkTree(dir)
  if (!tree || tree.kind === 'submodule') return undefined
  const checkout: Checkout = { dir, kind: tree.kind }
  if (tree.branch !== undefined) checkout.branch = tree.branch
  const main = tree.main && realPath(tree.main)
  if (main) checkout.main = main
  if (tree.gitDir !== undefined) checkout.gitDir = tree.gitDir
  return checkout
}

function isWorkspaceRoot(dir: string): boolean {
  if (existsSync(join(dir, 'pnpm-workspace.yaml'))) return true
  const manifest = readStart(join(dir, 'package.json'), MAX_MANIFEST_BYTES)
  if (manifest === undefined) return false
  try {
    // `?.` as the file may well say `null`.
    return Boolean(JSON.parse(manifest)?.workspaces)
  } catch {
    // A broken package.json is a package still, and its tools will complain about it.
    return false
  }
}

function hasManifest(dir: string): boolean {
  return existsSync(join(dir, 'package.json'))
}

/** `dir` and every directory above it, the nearest first. */
export function* selfAndParents(dir: string): Generator<string> {
  yield dir
  for (let parent = dirname(dir); parent !== dir; parent = dirname(dir)) {
    dir = parent
    yield dir
  }
}

function first<T, R>(items: readonly T[], map: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const result = map(item)
    if (result !== undefined) return result
  }
  return undefined
}

/** Undefined when nothing is there. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

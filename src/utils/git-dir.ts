import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** What the `.git` of a directory makes of that directory. */
export interface GitWorkTree {
  readonly kind: 'git' | 'worktree' | 'submodule'
  /** Branch, or the first seven digits of a detached HEAD; undefined when HEAD can't be read. */
  readonly branch: string | undefined
  /** Main work tree of a linked one; undefined when the repository is bare or can't be reached. */
  readonly main: string | undefined
  /** Where git keeps what it knows of a linked one; stays the same when that is moved. */
  readonly gitDir: string | undefined
}

/** `.git/modules/…`, also that of a linked worktree (`worktrees/<id>/modules/…`). */
const SUBMODULE_GIT_DIR = /[\\/](?:\.git|worktrees[\\/][^\\/]+)[\\/]modules[\\/]/

/**
 * Reads `.git` in `dir` without running git; undefined when there is none, or none that git would
 * take for one. See gitrepository-layout(5).
 */
export function readGitWorkTree(dir: string): GitWorkTree | undefined {
  const dotGit = join(dir, '.git')
  // Git passes over a .git directory without HEAD; some tools leave an empty one behind.
  const head = readStart(join(dotGit, 'HEAD'))
  if (head !== undefined)
    return { kind: 'git', branch: parseHead(head), main: undefined, gitDir: undefined }

  const target = /^gitdir: ([^\r\n\0]+)/.exec(readStart(dotGit) ?? '')?.[1]
  if (target === undefined) return undefined
  const gitDir = resolve(dir, target)
  const branch = parseHead(readStart(join(gitDir, 'HEAD')))
  const common = readStart(join(gitDir, 'commondir'))?.trim()
  // In a container the main repository may not be mounted; the path still tells.
  if (common || basename(dirname(gitDir)) === 'worktrees') {
    return {
      kind: 'worktree',
      branch,
      main: common ? mainWorkTree(resolve(gitDir, common)) : undefined,
      gitDir,
    }
  }
  const kind = SUBMODULE_GIT_DIR.test(gitDir) ? 'submodule' : 'git'
  return { kind, branch, main: undefined, gitDir: undefined }
}

function mainWorkTree(commonDir: string): string | undefined {
  if (basename(commonDir) !== '.git') return undefined
  // A bare clone into `.git` with nothing but worktrees beside it has no main one.
  const config = readStart(join(commonDir, 'config'))
  if (config === undefined || /^\s*bare\s*=\s*true\b/im.test(config)) return undefined
  return dirname(commonDir)
}

function parseHead(head: string | undefined): string | undefined {
  // `.invalid` stands in HEAD where the reftable format keeps the real one.
  const ref = /^ref: refs\/(?:heads\/)?(?!heads\/\.invalid|\.invalid)([^\s\p{Cc}]+)\s*$/u.exec(
    head ?? '',
  )
  return ref?.[1] ?? /^[\da-f]{40}/.exec(head ?? '')?.[0].slice(0, 7)
}

/**
 * The first `maxBytes` of a regular file, 4 KiB by default; undefined when there is none to read.
 */
export function readStart(path: string, maxBytes = 4096): string | undefined {
  try {
    // Opening a pipe would wait for somebody to write to it.
    if (!statSync(path).isFile()) return undefined
    const fd = openSync(path, 'r')
    try {
      const buffer = Buffer.alloc(maxBytes)
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, maxBytes, 0))
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

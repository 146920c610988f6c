import { spawn } from 'node:child_process'
import { dirname, resolve } from 'node:path'

/** Inside a hook or an alias these name the repository that git was called for, not the file's. */
const OTHER_REPOSITORY = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined }

/**
 * Whether git ignores a file, which need not exist; a tracked file is not ignored. Undefined when
 * nobody can say: no git, no work tree, an error, or no answer in time. Never rejects.
 *
 * @param options.timeoutMs git is killed after this time. Default 1000.
 * @param options.keepAlive The process waits for the answer. Default `false`.
 */
export async function isGitIgnored(
  file: string,
  { timeoutMs = 1000, keepAlive = false }: { timeoutMs?: number; keepAlive?: boolean } = {},
): Promise<boolean | undefined> {
  const path = resolve(file)
  try {
    const git = spawn('git', ['check-ignore', '-q', '--', path], {
      cwd: dirname(path),
      env: { ...process.env, ...OTHER_REPOSITORY },
      stdio: 'ignore',
      windowsHide: true,
      signal: AbortSignal.timeout(timeoutMs),
      killSignal: 'SIGKILL',
    })
    if (!keepAlive) git.unref()
    return await new Promise((done) => {
      git.on('exit', (code) => done(code === 0 ? true : code === 1 ? false : undefined))
      // Git could not be started, or was late and is being killed.
      git.on('error', () => done(undefined))
    })
  } catch {
    // A path that no process can be given, with a NUL byte or below a file: not git's to judge.
    return undefined
  }
}

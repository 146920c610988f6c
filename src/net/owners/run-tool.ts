import { execFile } from 'node:child_process'

/**
 * Runs one of the system's own tools and returns what it wrote to stdout, whatever its exit code.
 * Undefined when it could not be started, took longer than `timeoutMs` or wrote too much.
 */
export type RunTool = (
  file: string,
  args: readonly string[],
  options: { timeoutMs: number },
) => Promise<string | undefined>

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

/**
 * Output in a form that does not depend on the user: times in UTC with English names, and bytes
 * beyond ASCII as they are instead of escaped. An empty `LC_ALL` counts as unset (POSIX, 8.2).
 */
const PLAIN_OUTPUT = { LC_ALL: '', LC_TIME: 'C', LC_CTYPE: 'UTF-8', TZ: 'UTC' }

/** The real {@link RunTool}: no shell, no window, at most 4 MiB of output. */
export const runTool: RunTool = (file, args, { timeoutMs }) =>
  new Promise<string | undefined>((resolve) => {
    if (timeoutMs <= 0) return resolve(undefined)
    const child = execFile(
      file,
      args,
      {
        encoding: 'utf8',
        env: { ...process.env, ...PLAIN_OUTPUT },
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: Math.ceil(timeoutMs),
        windowsHide: true,
      },
      (error, stdout) => {
        // lsof exits with 1 when one of several ports has no listener, and still lists the others.
        const ranToItsEnd = error === null || typeof error.code === 'number'
        if (ranToItsEnd) resolve(stdout)
        else resolve(undefined)
      },
    )
    // PowerShell may wait for the end of a piped stdin.
    child.stdin?.end()
  }).catch(() => undefined)

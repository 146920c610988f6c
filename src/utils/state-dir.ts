import { homedir, tmpdir } from 'node:os'
import { posix, win32 } from 'node:path'

/**
 * The directory for what must outlive a process: `PORTS_STATE_DIR`, else the platform's state
 * directory; a user without a home gets one among the temporary files. Not created here.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.PORTS_STATE_DIR) return env.PORTS_STATE_DIR
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix
  const given = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_STATE_HOME
  // The specification has relative paths ignored.
  if (platform !== 'darwin' && given && isAbsolute(given)) return join(given, 'unplugin-ports')
  const home = homeDirectory()
  if (!isAbsolute(home)) return join(tmpdir(), `unplugin-ports-${process.getuid?.() ?? 'state'}`)
  return join(home, ...(PLACES[platform] ?? ['.local', 'state']), 'unplugin-ports')
}

const PLACES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  win32: ['AppData', 'Local'],
  darwin: ['Library', 'Application Support'],
}

/** Empty, too, for a user that the system has no entry of, as in many containers. */
function homeDirectory(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}

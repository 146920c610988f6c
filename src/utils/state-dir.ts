import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The directory for what must outlive a process: `PORTS_STATE_DIR`, else the platform's state
 * directory. Not created here.
 */
export function stateDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.PORTS_STATE_DIR) return env.PORTS_STATE_DIR
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'unplugin-ports')
  }
  if (platform === 'darwin') {
    return join(homedir(), 'Library', 'Application Support', 'unplugin-ports')
  }
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'unplugin-ports')
}

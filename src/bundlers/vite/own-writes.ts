import type { ViteDevServer } from 'vite'
import type { Run } from '../adapter.ts'

/**
 * Keeps our own writes of the env file from Vite's watcher, which would restart the server for each.
 * A variable that client code can read is worth the restart: Vite reads env files only at start.
 */
export function hideOwnWrites({ watcher, config }: ViteDevServer, run: Run): void {
  const prefixes = [config.envPrefix ?? 'VITE_'].flat()
  const isForClients = (name: string): boolean => prefixes.some((prefix) => name.startsWith(prefix))
  const emit = watcher.emit.bind(watcher) as (event: string, ...args: unknown[]) => boolean
  watcher.emit = ((event: string, ...args: unknown[]): boolean => {
    const [file] = args
    if ((event === 'change' || event === 'add') && typeof file === 'string') {
      const changed = run.ownWrite(file)
      if (changed && !changed.some(isForClients)) return true
    }
    return emit(event, ...args)
  }) as typeof watcher.emit
}

import { readFileSync } from 'node:fs'
import { normalize } from 'node:path'
import type { ViteDevServer } from 'vite'
import type { BlockChange, ConfigFollower } from '../adapter.ts'

/** What a Vite dev server does about edits of the config file. */
export function viteFollower(server: ViteDevServer): ConfigFollower {
  const { logger } = server.config
  let ignore: ((file: string) => void) | undefined
  return {
    logger,
    proxies: true,
    async restart() {
      const before = server.resolvedUrls?.local[0]
      await server.restart()
      if (server.resolvedUrls?.local[0] !== before) server.printUrls()
    },
    refresh: () => reloadPorts(server),
    wrote(change) {
      ignore ??= ignoreWrites(server)
      if (!isVisible(change, server.config.envPrefix)) ignore(change.file)
    },
  }
}

function reloadPorts(server: ViteDevServer): void {
  for (const environment of Object.values(server.environments)) {
    const module = environment.moduleGraph.getModuleById('\0~ports')
    if (module) void environment.reloadModule(module)
  }
}

/**
 * Whether code that was loaded may have seen what the block said: client code what it may read, the
 * config everything that was there.
 */
function isVisible(
  { before, after }: BlockChange,
  envPrefix: string | string[] | undefined,
): boolean {
  const prefixes = [envPrefix ?? 'VITE_'].flat()
  const forClients = (name: string): boolean => prefixes.some((prefix) => name.startsWith(prefix))
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].some((name) => {
    const [was, is] = [before.get(name), after.get(name)]
    return was !== is && (forClients(name) || (was !== undefined && is !== undefined))
  })
}

/**
 * Vite restarts when an env file changes. The function returned keeps it from doing so for what the
 * file says at the time of the call.
 */
function ignoreWrites(server: ViteDevServer): (file: string) => void {
  const { watcher } = server
  const written = new Map<string, string>()
  const emit = watcher.emit.bind(watcher) as (event: string, ...args: unknown[]) => boolean
  watcher.emit = ((event: string, ...args: unknown[]): boolean => {
    const path = typeof args[0] === 'string' ? normalize(args[0]) : ''
    const text = event === 'change' || event === 'add' ? written.get(path) : undefined
    return text !== undefined && text === read(path) ? true : emit(event, ...args)
  }) as typeof watcher.emit
  return (file) => {
    const text = read(file)
    if (text !== undefined) written.set(file, text)
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Gone: then it is not what was written.
    return undefined
  }
}

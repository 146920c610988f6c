import type { BuildContext, ServeResult } from 'esbuild'
import { type PortsServeOptions, serveContext } from './bundlers/plain/esbuild-serve.ts'
import { unplugin } from './index.ts'
import { startRun } from './session/start.ts'
import { processWorld } from './session/world.ts'
import { isSwitchedOff } from './utils/switched-off.ts'

export type { PortsServeOptions } from './bundlers/plain/esbuild-serve.ts'

/**
 * Instead of `context.serve()`: serves on the port of `dev`, which is reserved for the root of the
 * context's `ports()`, published and shown like every other.
 *
 * esbuild is a process of its own and binds by itself, so the held socket is let go just before.
 * The lease keeps other checkouts off meanwhile; when a stranger is faster, the next port is tried,
 * five at most. `context.dispose()` releases it.
 *
 * @returns What `context.serve()` returns. With `services: { dev: false }`, or `PORTS=0` in the environment, it is called as it is.
 * @throws PortsError when no port can be had.
 */
export function serve(
  context: BuildContext,
  options: PortsServeOptions = {},
): Promise<ServeResult> {
  const world = processWorld()
  const { argv, cwd, env } = world
  if (isSwitchedOff(env)) return context.serve(options)
  return serveContext(context, options, {
    argv,
    cwd,
    startRun: (request) => startRun(request, world),
  })
}

const plugin = unplugin.esbuild

/** `plugins: [ports({ services: { api: 3000 } })]`, first in the list. */
export const esbuild = Object.assign(plugin, { esbuild: plugin, serve, default: plugin })
// The alias is what `require()` of this module returns, so it carries the other names itself.
export { esbuild as default, esbuild as 'module.exports' }

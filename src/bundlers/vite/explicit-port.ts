import type { ViteDevServer } from 'vite'
import { PortsError } from '../../errors.ts'
import type { Run } from '../adapter.ts'
import { hideWildcardWarning } from './wildcard-warning.ts'

/**
 * Programs and frameworks (Astro is one) name the port only in `server.listen(port)`. It counts as a
 * preferred port does: `dev` moves there, so that everything else says so too, and stays where it is
 * when somebody else has that port.
 *
 * @param flag The port of a `--port` on the command line, which counts in a linked work tree as well.
 */
export function followListenPort(server: ViteDevServer, run: Run, flag: number | undefined): void {
  const { listen } = server
  server.listen = async (port, isRestart) =>
    listen.call(server, isRestart ? port : await settle(port, server, run, flag), isRestart)
}

async function settle(
  port: number | undefined,
  server: ViteDevServer,
  run: Run,
  flag: number | undefined,
): Promise<number | undefined> {
  const dev = run.reservation('dev')
  if (!port || !dev || port === dev.port) return port
  const isTyped = port === flag
  // What somebody has set for this very start, and the work tree's own port, count more.
  const isWished = dev.source === 'typed' || dev.source === 'env'
  const isOwn = run.use.session.checkout.kind === 'worktree'
  if (!isTyped && (isWished || isOwn)) return dev.port
  if (dev.state !== 'held') return port
  try {
    await run.use.session.move('dev', port)
    hideWildcardWarning(server.config.logger, port)
  } catch (error) {
    if (!(error instanceof PortsError)) throw error
    // It is somebody else's; the one that is held will do.
  }
  return dev.port
}

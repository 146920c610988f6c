import type { PreviewServer, ViteDevServer } from 'vite'
import type { Run } from '../adapter.ts'

/** `q` quits. Vite compares whole lines, so two letters are as good as one. */
const KEY = 'qr'

/** As much of Vite's own type as both of its servers have in common. */
interface Shortcuts {
  customShortcuts?: { key: string; description: string; action?: unknown }[]
}

/** The run of each server: Vite keeps its keys over a restart, and the run is another one then. */
const runs = new WeakMap<object, Run>()

/**
 * Adds `qr + enter` to the keys that Vite's command line takes, if other devices reach the server;
 * the help lists it. A program that binds no keys stays without, and so do keys without a terminal.
 */
export function addQrShortcut(server: ViteDevServer | PreviewServer, run: Run): void {
  if (!server.httpServer) return
  runs.set(server.httpServer, run)
  const { bindCLIShortcuts } = server as { bindCLIShortcuts: (options?: Shortcuts) => void }
  server.bindCLIShortcuts = (options?: Shortcuts): void => {
    const { customShortcuts = [] } = options ?? {}
    const taken = customShortcuts.some(({ key }) => key === KEY)
    const wanted = !taken && run.networkUrls().length > 0
    bindCLIShortcuts.call(server, {
      ...options,
      ...(wanted && { customShortcuts: [...customShortcuts, SHORTCUT] }),
    })
  }
}

const SHORTCUT = {
  key: KEY,
  description: 'show the network url as a QR code',
  async action({ httpServer, config }: ViteDevServer | PreviewServer) {
    await (httpServer && runs.get(httpServer))?.printQrCode(config.logger)
  },
}

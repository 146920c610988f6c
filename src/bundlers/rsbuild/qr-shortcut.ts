import type { RsbuildConfig } from '@rsbuild/core'
import type { HostLogger, Run } from '../adapter.ts'

/** `q` quits. Rsbuild compares whole lines, so two letters are as good as one. */
const KEY = 'qr'

/**
 * Adds `qr + enter` to the keys of Rsbuild's command line, if it takes any and other devices reach
 * the server. It makes no difference without a terminal.
 */
export function addQrShortcut(
  config: RsbuildConfig,
  latest: () => Run | undefined,
  logger: HostLogger,
): void {
  const { cliShortcuts } = config.dev ?? {}
  if (!cliShortcuts || !latest()?.networkUrls().length) return
  const given = cliShortcuts === true ? {} : cliShortcuts
  config.dev = {
    ...config.dev,
    cliShortcuts: {
      ...given,
      custom(shortcuts) {
        const all = given.custom?.(shortcuts) ?? shortcuts
        if (all.some(({ key }) => key === KEY)) return all
        const description = 'qr + enter  show the network url as a QR code'
        return [...all, { key: KEY, description, action: () => latest()?.printQrCode(logger) }]
      },
    },
  }
}

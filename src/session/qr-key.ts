import { createInterface } from 'node:readline'
import colors from 'picocolors'
import type { HostLogger } from '../bundlers/adapter.ts'
import { renderQrText } from '../output/qr-code.ts'
import { isForeground } from '../net/owners/foreground.ts'

/** What has to be typed, Enter apart; Vite and Rsbuild quit with `q`, and take `qr`. */
const KEYS = new Set(['q', 'qr'])

/** Prints the first URL as a QR code, with the others below it. */
export async function printQrCode(urls: readonly string[], logger: HostLogger): Promise<void> {
  const [first, ...others] = urls
  if (first === undefined) {
    logger.warn('Other devices can’t reach this server. Set the host option to expose it.')
    return
  }
  const code = await renderQrText(first, colors.isColorSupported)
  const also = others.length > 0 ? `\n  ${colors.dim(`also ${others.join(', ')}`)}` : ''
  logger.info(`\n${code}\n\n  ${colors.cyan(first)}${also}\n`)
}

/**
 * Calls `show` for each line `q` (or `qr`) of the terminal's input.
 *
 * @returns Ends it; `undefined` where the input is not ours to read: another part of this process
 * does so already, or this process is in the background, where reading would stop it.
 */
export async function listenForQrKey(show: () => Promise<void>): Promise<(() => void) | undefined> {
  const { stdin, pid, platform } = process
  const taken = stdin.isRaw || stdin.listenerCount('data') + stdin.listenerCount('readable') > 0
  if (taken || !(await isForeground({ pid, platform }))) return undefined
  const lines = createInterface({ input: stdin })
  // It must not keep a process alive that has nothing else to do.
  stdin.unref()
  let busy = false
  lines.on('line', (line) => {
    if (busy || !KEYS.has(line.trim().toLowerCase())) return
    busy = true
    void show().finally(() => {
      busy = false
    })
  })
  return () => lines.close()
}

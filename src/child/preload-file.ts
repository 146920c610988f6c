import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * The file that Node processes of a program load first. Found by the package's own name: the module
 * that this code is in moves about when it is bundled.
 */
export function preloadFile(): string {
  const manifest = createRequire(import.meta.url).resolve('unplugin-ports/package.json')
  return join(dirname(manifest), 'dist/preload.cjs')
}

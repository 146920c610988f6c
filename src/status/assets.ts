import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Answer } from './answers.ts'
import type { AssetName } from './routes.ts'

const TYPES: Record<AssetName, string> = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

/** Three sockets of a row; one is taken. Drawn for light and dark tabs alike. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f766e"/><g fill="none" stroke="#fff" stroke-width="2.4"><circle cx="9" cy="16" r="3.4"/><circle cx="23" cy="16" r="3.4"/></g><circle cx="16" cy="16" r="2.2" fill="#fff"/><path d="M12.4 16h-.1M19.6 16h.1" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>\n`

/**
 * A file of the page, as it was built. Found by the package's own name: the module that this code is
 * in moves about when it is bundled. Read anew each time: it is opened now and then, by one person.
 */
export async function assetAnswer(name: AssetName): Promise<Answer> {
  const type = TYPES[name]
  if (name === 'icon.svg') return { status: 200, type, body: ICON }
  const manifest = createRequire(import.meta.url).resolve('unplugin-ports/package.json')
  return { status: 200, type, body: await readFile(join(dirname(manifest), 'dist/status', name)) }
}

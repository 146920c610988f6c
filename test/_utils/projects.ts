import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repo } from './temp.ts'

/** Makes commands of this repository's packages known in `dir`, as an install does: `{ vite: 'vite/bin/vite.js' }`. */
export function linkCommands(dir: string, commands: Readonly<Record<string, string>>): void {
  const bin = join(dir, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  for (const [name, file] of Object.entries(commands)) {
    const target = join(repo, 'node_modules', file)
    writeFileSync(join(bin, name), `#!/bin/sh\nexec node '${target}' "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
}

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readText } from '../utils/read-text.ts'

const PATTERNS = ['NAME', 'dev:NAME', 'start:NAME', 'NAME:dev', 'NAME:start']
const LOCK_FILES: [file: string, run: string][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun run'],
  ['bun.lockb', 'bun run'],
]

/** The package script that seems to start `service`, as a command: `npm run api`. */
export function scriptFor(service: string, root: string): string | undefined {
  let scripts: Record<string, unknown>
  try {
    const manifest = JSON.parse(readText(join(root, 'package.json'))) as unknown
    scripts = (manifest as { scripts?: Record<string, unknown> }).scripts ?? {}
  } catch {
    // No readable manifest, no suggestion.
    return undefined
  }
  const names = PATTERNS.map((pattern) => pattern.replace('NAME', service))
  const found = names.find((name) => typeof scripts[name] === 'string')
  return found && `${scriptRunner(root)} ${found}`
}

/** How the project's package manager runs a script: `npm run`, `pnpm`, `yarn`, `bun run`. */
export function scriptRunner(root: string): string {
  for (let directory = root; ; directory = dirname(directory)) {
    const lock = LOCK_FILES.find(([file]) => existsSync(join(directory, file)))
    if (lock) return lock[1]
    if (existsSync(join(directory, 'package-lock.json')) || dirname(directory) === directory) {
      return 'npm run'
    }
  }
}

import type { Leftover } from '../../machine/clean.ts'
import type { Finding } from '../finding.ts'

/** What is known of the remembered ports. */
export interface MemoryFacts {
  /** What `ports clean` would remove. */
  readonly leftovers: readonly Leftover[]
  /** The file of this root, where it can't be used, and why, in words to stand after the path. */
  readonly refused?: { readonly path: string; readonly reason: string }
}

const FIX = '`ports clean`, or `ports doctor --fix`.'

/** Files that are damaged, refused, or about directories that are gone. */
export function checkMemory({ leftovers, refused }: MemoryFacts): Finding[] {
  const code = 'memory'
  const repair = { kind: 'clean' } as const
  const found = leftovers.map((leftover): Finding => {
    const file = leftover.path
    switch (leftover.what) {
      case 'file':
        return {
          code,
          severity: 'warning',
          message: `${file} is damaged; it is read by nobody.`,
          fix: FIX,
          file,
          repair,
        }
      case 'token': {
        const message = `${file} is of process ${leftover.pid}, which has ended.`
        return { code, severity: 'note', message, fix: FIX, file, repair }
      }
      case 'root':
      case 'service': {
        const message = `ports ${leftover.ports.join(', ')} are kept for ${leftover.root}, which is gone.`
        return { code, severity: 'note', message, fix: FIX, file, repair }
      }
    }
  })
  if (!refused) return found
  const message = `what this project's last ports were can't be used: ${refused.path} ${refused.reason}.`
  const fix = 'Move that file away; ports are then chosen anew.'
  return [...found, { code, severity: 'warning', message, fix, file: refused.path }]
}

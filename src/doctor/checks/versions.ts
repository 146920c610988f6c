import type { Finding } from '../finding.ts'

/** One installed copy of this package. */
export interface InstalledCopy {
  /** Its directory, with links resolved. */
  readonly path: string
  readonly version: string
  /** Who uses it, for people. */
  readonly by: string
}

/** Several versions in one checkout, or another one than the command that asks. */
export function checkVersions(copies: readonly InstalledCopy[], own: string): Finding[] {
  const versions = [...new Set(copies.map(({ version }) => version))]
  const list = copies.map(({ version, by }) => `${version} (${by})`).join(', ')
  if (versions.length > 1) {
    return [
      {
        code: 'versions',
        severity: 'warning',
        message: `several versions of unplugin-ports are used here: ${list}.`,
        fix: 'Install one version for all: their leases understand each other, but rules of choosing may differ.',
      },
    ]
  }
  const [version] = versions
  if (version === undefined || version === own) return []
  return [
    {
      code: 'versions',
      severity: 'note',
      message: `this command is ${own}, the project has ${version}.`,
      fix: 'Run the project’s own: `npx ports`.',
    },
  ]
}

import type { Finding } from '../finding.ts'

/** Versions of Node that this package does not run on. @param version As in `process.versions.node`. */
export function checkNode(version: string): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const runs = major === 20 ? minor >= 19 : major === 22 ? minor >= 12 : major > 22
  if (runs) return []
  return [
    {
      code: 'node',
      severity: 'error',
      message: `this is Node ${version}; 20.19 and later of 20, or 22.12 and later, are supported.`,
      fix: 'Install a current Node.',
    },
  ]
}

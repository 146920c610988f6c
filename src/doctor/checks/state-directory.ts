import type { Finding } from '../finding.ts'

/** What is known of the state directory. */
export interface StateFacts {
  readonly path: string
  /** `'missing'`: it is made when it is needed; `'other'`: no directory stands there. */
  readonly kind: 'directory' | 'missing' | 'other'
  /** Something can be written there, or it can be made. */
  readonly writable: boolean
  /** Owner's and own user id; absent on Windows. */
  readonly owner?: number
  readonly user?: number
  /** Permission bits; absent on Windows. */
  readonly mode?: number
  /** Room on its disk for this user, in bytes; absent where the system does not say. */
  readonly freeBytes?: number
}

const ENOUGH_BYTES = 1024 * 1024
const OTHERS_WRITE = 0o022
const OWN_ONLY = 0o700
const ELSEWHERE = 'Or set PORTS_STATE_DIR to a directory of yours.'

/** Memory and orders between processes need this directory, and nobody else may write there. */
export function checkStateDirectory(facts: StateFacts): Finding[] {
  const { path, kind, writable, owner, user, mode = 0, freeBytes = Infinity } = facts
  const code = 'state-directory'
  if (kind === 'other') {
    const message = `${path} is no directory, so ports can't be remembered.`
    return [{ code, severity: 'error', message, fix: `Move it away. ${ELSEWHERE}`, file: path }]
  }
  const found: Finding[] = []
  const isOthers = kind === 'directory' && user !== undefined && owner !== user
  if (isOthers) {
    const message = `${path} belongs to another user (${owner}), as happens after sudo.`
    const fix = `\`sudo chown -R ${user} ${quoted(path)}\`. ${ELSEWHERE}`
    found.push({ code, severity: 'error', message, fix, file: path })
  } else if (!writable) {
    const message = `nothing can be written in ${path}, so ports are not remembered.`
    const fix = `Make it writable: \`chmod u+rwx ${quoted(path)}\`. ${ELSEWHERE}`
    found.push({ code, severity: 'error', message, fix, file: path })
  }
  if (kind === 'directory' && (mode & OTHERS_WRITE) !== 0) {
    found.push({
      code,
      severity: 'warning',
      message: `other users may write in ${path} (mode ${mode.toString(8)}) and so move your ports.`,
      fix: `\`chmod 700 ${quoted(path)}\``,
      file: path,
      ...(!isOthers && { repair: { kind: 'permissions', path, mode: OWN_ONLY } }),
    })
  }
  if (freeBytes < ENOUGH_BYTES) {
    const message = `the disk of ${path} is full (${freeBytes} bytes left).`
    found.push({ code, severity: 'error', message, fix: `Make room. ${ELSEWHERE}`, file: path })
  }
  return found
}

function quoted(path: string): string {
  return /\s/.test(path) ? JSON.stringify(path) : path
}

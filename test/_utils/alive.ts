import { readFileSync } from 'node:fs'

/** The process is there and has not ended: a zombie has, and a number alone would not say so. */
export function alive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    if (process.platform === 'linux') {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    }
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

import { statSync } from 'node:fs'

/** What {@link isOwnProcess} looks with; other than the process's own in tests. */
export interface UserPlace {
  readonly platform: NodeJS.Platform
  /** Number of this user; `undefined` on Windows. */
  readonly uid: number | undefined
  /** Sends signal 0, which throws when the process may not be reached. */
  reach(pid: number): void
  /** Number of the user whose process it is; throws when it is gone. */
  ownerOf(pid: number): number
}

/** This process's user. */
const thisUser: UserPlace = {
  platform: process.platform,
  uid: process.getuid?.(),
  reach: (pid) => process.kill(pid, 0),
  ownerOf: (pid) => statSync(`/proc/${pid}`).uid,
}

/**
 * Whether a process is this very user's, so that its command line may be shown. Root may look at
 * everybody's, and shows nobody else's either.
 */
export function isOwnProcess(pid: number, place: UserPlace = thisUser): boolean {
  try {
    if (place.platform === 'linux' || place.platform === 'android') {
      return place.ownerOf(pid) === place.uid
    }
    // Whom root may reach says nothing.
    if (place.uid === 0) return false
    place.reach(pid)
    return true
  } catch {
    return false
  }
}

/** The same facts, without a command line that is another user's. */
export function withoutForeignCommand<Facts extends { pid?: number; command?: string }>(
  facts: Facts,
): Facts {
  const { pid, command, ...rest } = facts
  if (command === undefined || (pid !== undefined && isOwnProcess(pid))) return facts
  return { ...rest, ...(pid !== undefined && { pid }) } as Facts
}

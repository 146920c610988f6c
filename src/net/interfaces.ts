import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

/** What the operating system lists of this machine's network interfaces. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/**
 * The network interfaces as they are now; `undefined` where the system doesn't tell: sandboxes and
 * Android forbid it, and without a free file descriptor it can't be asked.
 */
export function listInterfaces(list: () => Interfaces = networkInterfaces): Interfaces | undefined {
  try {
    return list()
  } catch {
    return undefined
  }
}

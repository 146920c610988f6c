import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { win32 } from 'node:path'
import { LOOKUP_TIMEOUT_MS, machineAddresses, MAX_HOSTS_BYTES } from '../../net/addresses.ts'
import { systemRootOf } from '../../net/owners/system-root.ts'
import { withDeadline } from '../../utils/deadline.ts'
import { readText } from '../../utils/read-text.ts'
import type { LocalhostFacts } from '../checks/localhost.ts'

/** Asks the resolver as programs do, and reads the hosts file. */
export async function gatherLocalhost(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LocalhostFacts> {
  const asked = lookup('localhost', { all: true, order: 'verbatim' }).catch(() => [])
  const found = await withDeadline(asked, LOOKUP_TIMEOUT_MS, [])
  const path = hostsFilePath(platform, env)
  return {
    addresses: [...new Set(found.map(({ address }) => address))],
    hostsFile: readHostsFile(path),
    ipv6: machineAddresses().ipv6,
  }
}

function hostsFilePath(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (platform !== 'win32') return '/etc/hosts'
  return win32.join(systemRootOf(env), 'System32', 'drivers', 'etc', 'hosts')
}

function readHostsFile(path: string): LocalhostFacts['hostsFile'] {
  try {
    return { path, addresses: localhostIn(readText(path, MAX_HOSTS_BYTES)) }
  } catch {
    // Not every system has one.
    return undefined
  }
}

/** The addresses that the text of a hosts file gives `localhost`, in order. */
export function localhostIn(text: string): string[] {
  const addresses = text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return isIP(address) && names.includes('localhost') ? [address] : []
  })
  return [...new Set(addresses)]
}

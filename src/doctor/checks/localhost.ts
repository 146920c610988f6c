import type { Finding } from '../finding.ts'

/** What `localhost` means here. */
export interface LocalhostFacts {
  /** What programs are told, in order; empty when nothing. */
  readonly addresses: readonly string[]
  /** The hosts file's lines for it; `undefined` when it can't be read. */
  readonly hostsFile: { readonly path: string; readonly addresses: readonly string[] } | undefined
  /** `::1` exists. */
  readonly ipv6: boolean
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/

/** Names that lead elsewhere, and families of which the machine has only one. */
export function checkLocalhost({ addresses, hostsFile, ipv6 }: LocalhostFacts): Finding[] {
  const code = 'localhost'
  const file = hostsFile?.path ?? '/etc/hosts'
  const found: Finding[] = []
  const foreign = addresses.filter((address) => !LOOPBACK.test(address))
  if (addresses.length === 0) {
    found.push({
      code,
      severity: 'error',
      message: 'localhost does not resolve.',
      fix: `Write "127.0.0.1 localhost"${ipv6 ? ' and "::1 localhost"' : ''} into ${file}.`,
    })
  }
  if (foreign.length > 0) {
    found.push({
      code,
      severity: 'error',
      message: `localhost is ${foreign.join(', ')}, which is not this machine's loopback.`,
      fix: `Take that out of ${file}, or out of the DNS server's zone.`,
    })
  }
  if (!ipv6) {
    found.push({
      code: 'ipv6',
      severity: 'note',
      message: 'this machine has no ::1; servers and checks use IPv4 alone.',
      fix: 'Nothing to do, unless a tool insists on ::1.',
    })
    if (addresses.includes('::1')) {
      found.push({
        code,
        severity: 'warning',
        message:
          'localhost is also ::1, which this machine does not have: what tries it first fails or is slow.',
        fix: `Take "::1 localhost" out of ${file}.`,
      })
    }
  } else if (addresses[0] === '::1' && addresses.some((address) => address.startsWith('127.'))) {
    found.push({
      code,
      severity: 'note',
      message:
        'localhost is ::1 first, then 127.0.0.1: a server on one of them alone is not seen by what tries the other.',
      fix: 'Nothing to do for servers of this tool, which looks at both. Give others `localhost` as host, or none.',
    })
  }
  const written = hostsFile?.addresses ?? []
  const unknown = written.filter((address) => addresses.length > 0 && !addresses.includes(address))
  if (unknown.some((address) => ipv6 || !address.includes(':'))) {
    found.push({
      code,
      severity: 'note',
      message: `${file} says that localhost is ${written.join(', ')}, programs are told ${addresses.join(', ')}.`,
      fix: 'Something answers before the hosts file (a resolver, nsswitch.conf); tools that read the file differ.',
    })
  }
  return found
}

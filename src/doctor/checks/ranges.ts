import { isBlockedPort } from '../../plan/blocked-ports.ts'
import type { Range } from '../../options/resolved.ts'
import type { Finding, FindingCode } from '../finding.ts'
import type { WantedService } from '../wanted.ts'

/** Below it a user needs rights of its own to bind. */
const FIRST_FREE = 1024
/** Dev servers want ports up to here; a kernel that takes outgoing ports below is set up unusually. */
const USUAL_PORTS_END = 20_000

/** Wanted ports that the kernel gives to outgoing connections. */
export function checkEphemeralRange(
  services: readonly WantedService[],
  ephemeral: Range,
): Finding[] {
  const text = `${ephemeral.from}-${ephemeral.to}`
  const why = `in ${text}, from which the system takes ports for outgoing connections: one may sit there at any time`
  const found = overlaps('ephemeral-range', 'warning', services, ephemeral, why)
  if (ephemeral.from > USUAL_PORTS_END) return found
  return [
    ...found,
    {
      code: 'ephemeral-range',
      severity: 'warning',
      message: `the system takes ports for outgoing connections from ${text}, which includes the usual ports of dev servers.`,
      fix: 'Let it begin at 32768 or above, on Linux: `sysctl net.ipv4.ip_local_port_range="32768 60999"`.',
    },
  ]
}

/** Wanted ports that Windows keeps for Hyper-V, WSL and others. */
export function checkExcludedRanges(
  services: readonly WantedService[],
  excluded: readonly Range[],
): Finding[] {
  return excluded.flatMap((range) =>
    overlaps(
      'excluded-range',
      'error',
      services,
      range,
      `in ${range.from}-${range.to}, which Windows keeps for itself (\`netsh int ipv4 show excludedportrange tcp\`)`,
    ),
  )
}

/** Preferred ports and given ranges below 1024. */
export function checkPrivilegedPorts(
  services: readonly WantedService[],
  platform: NodeJS.Platform,
  isRoot: boolean,
): Finding[] {
  if (platform === 'win32' || isRoot) return []
  const range = { from: 1, to: FIRST_FREE - 1 }
  return overlaps(
    'privileged-port',
    'warning',
    services,
    range,
    `below ${FIRST_FREE}, where only root may listen`,
  )
}

/** Preferred ports that browsers refuse to open. */
export function checkBlockedPorts(services: readonly WantedService[]): Finding[] {
  return services
    .filter(({ browser }) => browser)
    .flatMap(({ name, preferred }) =>
      preferred.filter(isBlockedPort).map((port): Finding => ({
        code: 'blocked-port',
        severity: 'error',
        message: `services.${name}.preferred is ${port}, which browsers refuse to open (ERR_UNSAFE_PORT).`,
        fix: 'Prefer another port, such as 3000.',
        port,
        service: name,
      })),
    )
}

function overlaps(
  code: FindingCode,
  severity: Finding['severity'],
  services: readonly WantedService[],
  { from, to }: Range,
  why: string,
): Finding[] {
  return services.flatMap(({ name, preferred, range, rangeGiven }): Finding[] => {
    const ports = preferred
      .filter((port) => port >= from && port <= to)
      .map((port) => ({
        code,
        severity,
        message: `services.${name}.preferred is ${port}, ${why}.`,
        fix: 'Prefer another port, such as one from 3000 to 9999.',
        port,
        service: name,
      }))
    if (!rangeGiven || range.from > to || range.to < from) return ports
    const message = `services.${name}.range ${range.from}-${range.to} lies partly or wholly ${why}.`
    return [
      ...ports,
      { code, severity, message, fix: 'Choose another range, such as 3000-3999.', service: name },
    ]
  })
}

import type { ComposePort, ComposeProject } from './project.ts'
import { type FixedPort, withVariable } from './fixed.ts'

/** The first line of an override file that was generated; nothing else is ever overwritten. */
export const OVERRIDE_MARK =
  '# Written by `ports compose --override`. Edits are lost when it is written again.'

/**
 * The text of an override file in which variables say the ports of `fixed`; everything else that
 * their services publish stays as it is. Needs Compose 2.24.4 or later, for `!override`.
 *
 * @returns `undefined` when there is nothing to override.
 */
export function renderOverride(
  project: ComposeProject,
  fixed: readonly FixedPort[],
): string | undefined {
  if (fixed.length === 0) return undefined
  const names = new Set(fixed.map(({ service }) => service))
  const blocks = project.services
    .filter(({ name }) => names.has(name))
    .map(({ name, ports }) => {
      const lines = ports.map((port) => {
        const change = fixed.find((one) => one.service === name && one.port === port)
        return `      - ${JSON.stringify(change ? withVariable(change) : asWritten(port))}`
      })
      return [`  ${JSON.stringify(name)}:`, '    ports: !override', ...lines].join('\n')
    })
  return `${[OVERRIDE_MARK, 'services:', ...blocks].join('\n')}\n`
}

function asWritten({
  containerPort,
  hostPorts,
  hostIp,
  protocol,
  variable,
  byDefault,
}: ComposePort): string {
  const size = hostPorts ? hostPorts.to - hostPorts.from : 0
  const fixed = hostPorts ? `${hostPorts.from}${size > 0 ? `-${hostPorts.to}` : ''}` : ''
  const fallback = byDefault === undefined ? '' : `:-${byDefault}`
  const host = variable === undefined ? fixed : `\${${variable}${fallback}}`
  const ip = hostIp?.includes(':') ? `[${hostIp}]` : hostIp
  const container = `${containerPort}${size > 0 ? `-${containerPort + size}` : ''}`
  const head = [ip, host, container].filter(Boolean).join(':')
  return protocol === 'udp' ? `${head}/udp` : head
}

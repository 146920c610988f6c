import type { ServiceReport, ServiceState } from '../report.ts'

/** How something is, in colour. Each has a shape of its own, too. */
export type Tone = 'ok' | 'wait' | 'warn' | 'bad' | 'idle'

/** What a state looks like. */
export interface Look {
  readonly tone: Tone
  /** Name of the shape. */
  readonly icon: 'up' | 'wait' | 'warn' | 'down' | 'stolen' | 'shared' | 'none'
  readonly label: string
}

const STATES: Record<ServiceState, Look> = {
  held: { tone: 'wait', icon: 'wait', label: 'Starting' },
  serving: { tone: 'ok', icon: 'up', label: 'Running' },
  waiting: { tone: 'wait', icon: 'wait', label: 'Waiting for its server' },
  running: { tone: 'ok', icon: 'up', label: 'Running' },
  shared: { tone: 'idle', icon: 'shared', label: 'Shared' },
  missing: { tone: 'idle', icon: 'none', label: 'No port' },
  released: { tone: 'idle', icon: 'none', label: 'Released' },
}

/** The look of a port's state alone. */
export function stateLook(state: ServiceState): Look {
  return STATES[state]
}

/** The look of a service: what its probes say, and where there are none what its port does. */
export function serviceLook({ state, sharedWith, health, process }: ServiceReport): Look {
  if (state === 'shared') return { ...STATES.shared, label: `Shared with ${sharedWith ?? 'dev'}` }
  if (state === 'missing' || state === 'released') return STATES[state]
  // Nobody starts it again; what its probes say says less.
  if (process?.state === 'failed' && health?.state !== 'healthy') {
    return { tone: 'bad', icon: 'down', label: 'Failed' }
  }
  switch (health?.state) {
    case 'healthy':
      return { tone: 'ok', icon: 'up', label: 'Healthy' }
    case 'degraded':
      return { tone: 'warn', icon: 'warn', label: 'Degraded' }
    case 'down':
      return { tone: 'bad', icon: 'down', label: 'Down' }
    case 'stolen':
      return { tone: 'bad', icon: 'stolen', label: "Another checkout's server" }
    default:
      return STATES[state]
  }
}

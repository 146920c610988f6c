import { findTarget } from '../../machine/find-target.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { type Looking } from '../../machine/look-at.ts'
import { portText } from '../../machine/port-text.ts'
import {
  planStop,
  stopOwn,
  type StopPlan,
  stopProcesses,
  type StopResult,
} from '../../machine/stop.ts'
import type { RunCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { EXIT } from '../exit-codes.ts'
import { parseTargets } from '../targets.ts'

const TIMEOUT_MS = 10_000

type Outcome = StopResult | 'nobody' | 'refused' | 'declined' | 'not-asked'

const CODES: Record<Outcome, number> = {
  stopped: EXIT.ok,
  nobody: EXIT.failed,
  changed: EXIT.failed,
  'not-permitted': EXIT.failed,
  'still-there': EXIT.timeout,
  refused: EXIT.refused,
  declined: EXIT.refused,
  'not-asked': EXIT.refused,
}

/** `ports stop` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  const here = hereOf(cwd, place)
  const looking: Looking = { place, env }
  const timeoutMs = input.duration('timeout', TIMEOUT_MS)
  const json = input.has('json')
  const targets = await Promise.all(parseTargets(input).map((named) => findTarget(named, here)))
  const results: { port: number; result: Outcome; pids: number[]; message: string }[] = []
  for (const { port } of targets) {
    const plan = await planStop(port, here, looking)
    const who = portText(plan.view, here.checkout.dir)
    const result = await carryOut(plan)
    const message = textOf(result, plan, who, timeoutMs)
    const pids = plan.kind === 'processes' ? plan.listeners.map(({ pid }) => pid) : []
    results.push({ port, result, pids, message })
    if (json) continue
    if (result === 'stopped') io.out(`${port}  ${message}`)
    else io.err(`${port}  ${message}`)
  }
  if (json) io.json({ v: 1, ports: results })
  return results.map(({ result }) => CODES[result]).find((code) => code !== EXIT.ok) ?? EXIT.ok

  async function carryOut(plan: StopPlan): Promise<Outcome> {
    const { port } = plan.view
    switch (plan.kind) {
      case 'nobody':
      case 'refused':
        return plan.kind
      case 'own':
        return stopOwn(plan.view, timeoutMs, here, looking)
      case 'processes': {
        if (!input.has('yes')) {
          if (!io.canAsk || json) return 'not-asked'
          const who = plan.listeners
            .map((listener) => portText({ port, listeners: [listener] }, here.checkout.dir))
            .join(' and ')
          if (!(await confirm(`Stop ${who} on port ${port}?`))) return 'declined'
        }
        return stopProcesses(port, plan.listeners, timeoutMs, looking)
      }
    }
  }
}

function textOf(result: Outcome, plan: StopPlan, who: string, timeoutMs: number): string {
  switch (result) {
    case 'stopped':
      return `stopped: ${who}`
    case 'nobody':
      return plan.kind === 'nobody' ? plan.advice : 'nobody listens there.'
    case 'refused':
      return `not stopped: ${who}; ${plan.kind === 'refused' ? plan.why : ''}`
    case 'declined':
      return `left alone: ${who}`
    case 'not-asked':
      return `not stopped: ${who}. Nobody can be asked here; --yes agrees to it.`
    case 'changed':
      return `not stopped: ${who} is not what listens there any more. Look again with \`ports who\`.`
    case 'still-there':
      return `asked to end, but still there after ${timeoutMs / 1000} s: ${who}. It may need \`kill -9\`.`
    case 'not-permitted':
      return `not stopped: the system does not let this user stop ${who}.`
  }
}

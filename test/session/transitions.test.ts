import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { HealthMonitor } from '../../src/session/health/monitor.ts'
import { probeHttp } from '../../src/session/health/probes.ts'
import { until } from '../_utils/until.ts'

/** What the server does with a request. */
const BEHAVIOURS = {
  answer: (_, response) => void response.end('fine'),
  fail: (_, response) => void response.writeHead(500).end(),
  slow: (_, response) => void setTimeout(() => response.end('late'), 300),
  hang: () => {},
  reset: (request) => void request.socket.resetAndDestroy(),
} satisfies Record<string, RequestListener>
type Behaviour = keyof typeof BEHAVIOURS

test('a real server that hangs, refuses, resets, answers 500 or slowly, and recovers each time', async () => {
  let wanted: Behaviour = 'answer'
  let behaviour: Behaviour = 'answer'
  const server = createServer((request, response) => BEHAVIOURS[behaviour](request, response))
  const listen = async (at: number): Promise<number> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(0)
  const changes: string[] = []
  const monitor = new HealthMonitor(({ health, before }) => {
    changes.push([`${before} > ${health.state}`, health.reason ?? []].flat().join(': '))
  })
  let [now, most] = [0, 0]
  // Slow answers are in time, however slow this machine is; a server that hangs never is.
  const timeoutMs = (): number => (behaviour === 'hang' ? 200 : 20_000)
  monitor.watch({
    service: 'api',
    intervalMs: 20,
    healthyAfter: 1,
    unhealthyAfter: 2,
    probe: async () => {
      // Never in the middle of a probe.
      behaviour = wanted
      most = Math.max(most, ++now)
      const outcome = await probeHttp({
        port,
        url: `http://127.0.0.1:${port}`,
        hostname: '127.0.0.1',
        path: '/',
        socketPath: undefined,
        status: [],
        timeoutMs: timeoutMs(),
      })
      now--
      return outcome
    },
  })
  const becomes = (state: string): Promise<unknown> =>
    until(() => monitor.health('api')?.state === state, 20_000)
  const samples = (): number => monitor.health('api')?.history.length ?? 0
  try {
    await becomes('healthy')
    for (const [bad, state] of [
      ['hang', 'down'],
      ['fail', 'degraded'],
      ['reset', 'degraded'],
    ] as const) {
      wanted = bad
      await becomes(state)
      wanted = 'answer'
      await becomes('healthy')
    }
    const before = samples()
    wanted = 'slow'
    await until(() => samples() >= before + 2, 20_000)
    expect(monitor.health('api')?.state).toBe('healthy')
    expect(monitor.health('api')?.latencyMs).toBeGreaterThan(250)
    wanted = 'answer'

    server.closeAllConnections()
    server.close()
    await becomes('down')
    await listen(port)
    await becomes('healthy')
  } finally {
    monitor.close()
    server.closeAllConnections()
    server.close()
  }
  expect(most).toBe(1)
  expect(changes).toEqual([
    'starting > healthy',
    'healthy > down: no answer within 200 ms',
    'down > healthy',
    'healthy > degraded: answers with status 500',
    'degraded > healthy',
    'healthy > degraded: resets connections',
    'degraded > healthy',
    'healthy > down: nobody listens',
    'down > healthy',
  ])
})

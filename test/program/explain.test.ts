import { describe, expect, test } from 'vitest'
import { createPorts, explain } from '../../src/api.ts'
import { plainRequest } from '../../src/bundlers/plain/request.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { renderExplanation } from '../../src/output/explain.ts'
import { attemptRows } from '../../src/reservation/attempt-rows.ts'
import { startRun } from '../../src/session/start.ts'
import { processWorld } from '../../src/session/world.ts'
import type { PortAttempt } from '../../src/types.ts'
import { startNode } from '../_utils/children.ts'
import { freePort, freeRange, occupy } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

describe('the lines', () => {
  const busy = (port: number): PortAttempt => ({ port, source: 'range', rejected: 'in-use' })

  test('neighbours with one reason are one line', () => {
    const attempts: PortAttempt[] = [
      { port: 3000, source: 'preferred', rejected: 'in-use' },
      ...Array.from({ length: 17 }, (_, index) => busy(3001 + index)),
      { port: 3018, source: 'range', rejected: 'leased' },
      { port: 3020, source: 'range', rejected: 'leased' },
      { port: 3021, source: 'range' },
    ]
    expect(attemptRows(attempts, '/work')).toEqual([
      { ports: '3000', source: 'preferred', text: 'in use' },
      { ports: '3001-3017', source: 'range', text: 'in use (17)' },
      { ports: '3018', source: 'range', text: 'leased by another session' },
      { ports: '3020', source: 'range', text: 'leased by another session' },
      { ports: '3021', source: 'range', text: 'chosen' },
    ])
  })

  test('a holder who has several in a row is named once', () => {
    const held = [3000, 3001].map((port): PortAttempt => ({
      ...busy(port),
      holder: { port, via: 'system', pid: 7, command: 'caddy' },
    }))
    expect(attemptRows(held, '/work')).toEqual([
      { ports: '3000-3001', source: 'range', text: 'held by caddy (pid 7) (2)' },
    ])
  })

  test('of a service that another process has', () => {
    const text = renderExplanation(
      {
        outcome: 'elsewhere',
        service: 'api',
        holder: {
          port: 3001,
          via: 'lease',
          pid: 7,
          command: 'vite',
          checkout: '/work/shop',
          branch: 'main',
          since: '2026-01-01T00:00:00.000Z',
        },
      },
      '/work/feature',
    )
    expect(text).toBe(
      'api has 3001 in another process: vite in ../shop (main, pid 7) since 2026-01-01T00:00:00.000Z. Only that process knows what it tried.',
    )
  })
})

test('every candidate with its reason and its holder, for people and as JSON', async () => {
  using root = tempRoot()
  const [from, to] = await freeRange(3)
  await using _taken = await occupy('127.0.0.1', from)
  await using other = createPorts()
  await other.reserve({ range: [from + 1, from + 1], label: 'queue' })
  await using ports = createPorts({
    root: root.dir,
    services: { api: { preferred: from, range: [from, to] } },
  })
  const api = await ports.allocate('api')
  expect(api.port).toBe(to)
  const { text, json } = await ports.explain('api')
  const [headline, first, second, third, ...rest] = text.split('\n')
  expect(headline).toBe(
    `api has ${to}: from its range (3 attempts); held until its server takes it over.`,
  )
  expect(first).toMatch(new RegExp(`^  ${from}  preferred  held by .*pid ${process.pid}`))
  expect(second).toMatch(new RegExp(`^  ${from + 1}  range      held by .*pid ${process.pid}`))
  expect(third).toBe(`  ${to}  range      chosen`)
  expect(rest).toEqual([])
  expect(JSON.parse(JSON.stringify(json))).toMatchObject({
    outcome: 'allocated',
    service: 'api',
    port: to,
    attempts: [
      { port: from, rejected: 'in-use', holder: { via: 'system', pid: process.pid } },
      { port: from + 1, rejected: 'leased', holder: { via: 'lease', service: 'queue' } },
      { port: to, source: 'range' },
    ],
  })
})

test('a service that could not be had', async () => {
  using root = tempRoot()
  const [from] = await freeRange(1)
  await using _taken = await occupy('127.0.0.1', from)
  await using ports = createPorts({
    root: root.dir,
    services: { extra: { preferred: from, strict: true, required: false } },
  })
  await ports.allocateAll()
  const { text, json } = await ports.explain('extra')
  expect(json).toMatchObject({ outcome: 'missing', code: 'PORTS_TAKEN' })
  expect(text).toMatch(/^extra has no port \(1 attempt, PORTS_TAKEN\); it is not required\.\n {2}/)
})

test("a plugin's service of this process", async () => {
  using root = tempRoot()
  const api = await freePort()
  const options = resolveOptions({ services: { api }, env: false, summary: false })
  const run = await startRun(plainRequest(options, root.dir, ['dev']), processWorld())
  await using ports = createPorts({ root: root.dir })
  expect((await ports.explain('api')).json).toMatchObject({
    outcome: 'allocated',
    port: api,
    state: 'leased',
  })
  run.close()
  await expect(ports.explain('api')).rejects.toMatchObject({ code: 'PORTS_NO_SERVICE' })
  await expect(explain('nobody')).rejects.toThrow('has no service "nobody" now')
})

test('a service of another process: what its lease tells', async () => {
  using root = tempRoot()
  const port = await freePort()
  const script = `
    import { createPorts } from 'unplugin-ports/api'
    await createPorts({ root: ${JSON.stringify(root.dir)} }).allocate('api', ${port})
    console.log('has it')
    process.stdin.resume()`
  await using child = startNode(['--input-type=module', '-e', script], {
    cwd: repo,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  await child.sees(/has it/)
  await using ports = createPorts({ root: root.dir })
  const { json, text } = await ports.explain('api')
  expect(json).toMatchObject({
    outcome: 'elsewhere',
    holder: { port, pid: child.pid, service: 'api', root: root.dir },
  })
  expect(text).toContain(`api has ${port} in another process: node`)
})

import { afterEach, expect, test } from 'vitest'
import { createPorts } from '../../src/api.ts'
import { project, runJson, startSession } from '../_utils/cli.ts'
import { freePort } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

interface Listed {
  readonly ports: readonly { port: number; state: string; service?: string; pid?: number }[]
}

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})

function program(root: string): ReturnType<typeof createPorts> {
  const ports = createPorts({ root })
  open.push(ports)
  return ports
}

test('a program has the port that a plugin keeps free for its server, and gives it back', async () => {
  using root = project()
  const port = await freePort()
  await using plugin = await startSession(root.dir, `leased:api=${port}-${port + 50}`)
  const { ports } = await runJson<Listed>([], { cwd: root.dir })
  const kept = ports.find(({ service }) => service === 'api')?.port as number
  const range = [port, port + 50] as const

  const first = program(root.dir)
  const reserved = await first.reserve({ services: { api: { range } } })
  expect(reserved.services.api).toMatchObject({ port: kept, state: 'held' })
  // There is one such port: the next one who asks gets another.
  const second = program(root.dir)
  expect((await second.allocate('web', { range })).port).not.toBe(kept)

  await reserved.release()
  await until(async () => {
    const { ports: now } = await runJson<Listed>([], { cwd: root.dir })
    const row = now.find((one) => one.port === kept)
    return row?.state === 'waiting' && row.service === 'api'
  })
  const third = program(root.dir)
  expect((await third.allocate('api', { range })).port).toBe(kept)
  expect(plugin.output()).not.toMatch(/rror/)
})

test('a port that its own options rule out, or that another process holds, is not taken over', async () => {
  using root = project()
  const port = await freePort()
  const other = await freePort()
  await using _plugin = await startSession(root.dir, `leased:api=${port}`, `held:web=${other}`)
  const ports = program(root.dir)
  const api = await ports.allocate('api', { range: [port + 1, port + 40] })
  expect(api.port).not.toBe(port)
  const web = await ports.allocate('web', { range: [other, other + 40] })
  expect(web.port).not.toBe(other)
})

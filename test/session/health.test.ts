import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { createLogger, createServer } from 'vite'
import { checkHealth, health } from '../../src/api.ts'
import type { Options } from '../../src/types.ts'
import ports from '../../src/vite.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const api = join(repo, 'test/fixtures/programs/api.mjs')

async function startApi(root: TempRoot, port: number): Promise<Child> {
  const child = startNode([api], { cwd: root.dir, env: { API_PORT: String(port) } })
  await child.sees(new RegExp(`api on ${port}`))
  return child
}

async function startVite(root: TempRoot, options: Options) {
  const lines: string[] = []
  const customLogger = createLogger()
  customLogger.info = customLogger.warn = (text) => lines.push(stripVTControlCharacters(text))
  const server = await createServer({
    configFile: false,
    root: root.dir,
    customLogger,
    plugins: [ports(options)],
  })
  await server.listen()
  const said = () => lines.filter((line) => line.startsWith('ports: "api"'))
  return { said, [Symbol.asyncDispose]: () => server.close() }
}

test('one line for each change of an API that comes, goes and comes again', async () => {
  const [dev, port] = await freeRange(2)
  using root = tempRoot()
  await using vite = await startVite(root, {
    services: { dev, api: { preferred: port, health: { intervalMs: 100 } } },
  })
  await until(() => health(root.dir).length === 2)
  const stateOf = (service: string) =>
    health(root.dir).find((one) => one.service === service)?.state
  expect(stateOf('api')).toBe('starting')
  await until(() => stateOf('dev') === 'healthy')

  const first = await startApi(root, port)
  await until(() => stateOf('api') === 'healthy')
  await first.end()
  await until(() => stateOf('api') === 'down')
  await using _second = await startApi(root, port)
  await until(() => stateOf('api') === 'healthy')
  expect(vite.said()).toEqual([
    `ports: "api" on port ${port} is up.`,
    `ports: "api" on port ${port} is down: nobody listens.`,
    `ports: "api" on port ${port} is up again.`,
  ])
  const [dev1, api1] = await checkHealth(root.dir)
  expect(dev1).toMatchObject({ service: 'dev', state: 'healthy' })
  expect(api1).toMatchObject({ service: 'api', state: 'healthy' })
  expect(api1?.latencyMs).toBeGreaterThan(0)
  expect(api1?.history.at(-1)).toMatchObject({ ok: true })
  expect(api1?.history.some((sample) => sample.reason === 'nobody listens')).toBe(true)
})

test("another checkout's server on the port is told from the service", async () => {
  const [dev, port] = await freeRange(2)
  using root = tempRoot()
  using other = tempRoot()
  for (const { dir } of [root, other]) execFileSync('git', ['init', '-q', '-b', 'main', dir])
  await using vite = await startVite(root, {
    services: { dev, api: { preferred: port, health: { intervalMs: 100 } } },
  })
  const stateOf = () => health(root.dir).find((one) => one.service === 'api')?.state
  const foreign = await startApi(other, port)
  await until(() => stateOf() === 'stolen')
  await foreign.end()
  await until(() => stateOf() === 'starting')
  expect(vite.said()).toEqual([])
})

test('health: false watches nothing, and a closed server watches nothing more', async () => {
  const [dev, port] = await freeRange(2)
  using root = tempRoot()
  {
    await using _ = await startVite(root, {
      services: { dev, api: { preferred: port, health: false } },
    })
    await until(() => health(root.dir).length > 0)
    expect(health(root.dir).map(({ service }) => service)).toEqual(['dev'])
  }
  expect(health(root.dir)).toEqual([])
})

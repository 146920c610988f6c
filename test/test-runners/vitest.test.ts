import { processWorld } from '../../src/session/world.ts'
import { reserveForWorkers } from '../../src/test-runners/worker-ports.ts'
import { describe, expect, test } from 'vitest'
import { isFree, freeRange } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'
import { configOf, project, startVitest, testFile } from './_vitest.ts'

const FILES = { 'a.test.js': testFile('a'), 'b.test.js': testFile('b'), 'c.test.js': testFile('c') }

/** Who served on which port, and the ports of all workers. */
function servedIn(output: string): { ports: number[]; all: number[]; names: string[] } {
  const rows = [...output.matchAll(/served (\w+) on (\d+) of ([\d,]+)/g)]
  return {
    names: rows.map((row) => row[1] ?? '').toSorted(),
    ports: [...new Set(rows.map((row) => Number(row[2])))],
    all: (rows[0]?.[3] ?? '').split(',').map(Number),
  }
}

describe.each(['forks', 'threads', 'vmThreads'])('with pool %s', (pool) => {
  test('every worker serves on a port of its own, and all are given back', async () => {
    using root = project({
      'vitest.config.js': configOf('{ api: {} }', `pool: '${pool}'`),
      ...FILES,
    })
    await using run = startVitest(root)
    expect((await run.ended).code, run.output()).toBe(0)
    const { names, ports, all } = servedIn(run.output())
    expect(names).toEqual(['a', 'b', 'c'])
    expect(new Set(all).size).toBe(2)
    for (const port of ports) expect(all).toContain(port)
    for (const port of all) await until(() => isFree(port))
  })
})

test('a port is held until a server of the worker listens, be it in a process that a test starts', async () => {
  using root = project({
    'vitest.config.js': configOf('{ api: {}, db: { hold: false } }'),
    'server.mjs': `import { createServer } from 'node:http'
createServer((request, response) => response.end('child')).listen(process.env.API_PORT, 'localhost')`,
    'bind.mjs': `import { createServer } from 'node:net'
createServer().on('error', ({ code }) => console.log(code)).listen(Number(process.argv[2]), () => {
  console.log('bound')
  process.exit()
})`,
    'held.test.js': `import { execFileSync, fork } from 'node:child_process'
import { expect, test } from 'vitest'
import { port, url } from 'unplugin-ports/vitest'
const stranger = (port) => {
  const { NODE_OPTIONS, UNPLUGIN_PORTS_HANDOVER, ...env } = process.env
  return execFileSync(process.execPath, ['bind.mjs', String(port)], { env, encoding: 'utf8' }).trim()
}
test('held', async () => {
  expect(stranger(port('api'))).toBe('EADDRINUSE')
  expect(stranger(port('db'))).toBe('bound')
  const answer = fetch(url('api'))
  const child = fork('server.mjs')
  expect(await (await answer).text()).toBe('child')
  child.kill()
})`,
  })
  await using run = startVitest(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('reruns in watch mode keep the ports', async () => {
  using root = project({ 'vitest.config.js': configOf('{ api: {} }'), 'a.test.js': testFile('a') })
  await using run = startVitest(root, 'watch')
  await run.sees(/served a on \d+/)
  const before = servedIn(run.output())
  await run.sees(/Waiting for file changes/)
  root.write({ 'a.test.js': testFile('again') })
  await run.sees(/served again on \d+/)
  expect(servedIn(run.output()).ports).toEqual(before.ports)
  await run.end('SIGTERM')
  for (const port of before.all) await until(() => isFree(port))
})

test('without the plugin the services are those of ports.config, and preferred ports are left alone', async () => {
  const [from, to] = await freeRange(4)
  using root = project({
    'ports.config.mjs': `export default { services: { dev: 5173, api: { preferred: 3000, range: '${from}-${to}' } } }`,
    'vitest.config.js': `export default { test: { maxWorkers: 2, globalSetup: ['unplugin-ports/vitest'] } }`,
    'a.test.js': `import { expect, inject, test } from 'vitest'
import { port } from 'unplugin-ports/vitest'
test('ports', () => {
  expect(inject('ports').map((own) => Object.keys(own))).toEqual([['api'], ['api']])
  expect(port('api')).toBeGreaterThanOrEqual(${from})
  expect(port('api')).toBeLessThanOrEqual(${to})
  expect(() => port('web')).toThrow('has no service "web". It has: "api"')
})`,
  })
  await using run = startVitest(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('projects with the same options share the ports of each worker', async () => {
  using root = project({
    'vitest.config.js': `import { defineConfig } from 'vitest/config'
import { testPorts } from 'unplugin-ports/vitest'
const named = (name) => ({ extends: true, test: { name, include: [name + '.test.js'] } })
export default defineConfig({
  plugins: [testPorts({ services: { api: {} } })],
  test: { maxWorkers: 2, projects: [named('a'), named('b')] },
})`,
    'a.test.js': testFile('a'),
    'b.test.js': testFile('b'),
  })
  await using run = startVitest(root)
  expect((await run.ended).code, run.output()).toBe(0)
  const { names, ports, all } = servedIn(run.output())
  expect(names).toEqual(['a', 'b'])
  for (const port of ports) expect(all).toContain(port)
})

test.each([
  ['no service', {}, /name what the tests start/],
  ['a wrong option', { services: { api: { range: 'x' } } }, /services\.api\.range/],
  ['too few ports', { services: { api: { range: '80-80' } } }, /80 .*below 1024.*\n.*range/],
])('%s is an error', async (_, options, says) => {
  using root = project({})
  const reserving = reserveForWorkers(options, 2, root.dir, processWorld())
  await expect(reserving).rejects.toThrow(says)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { freePort, freeRange, occupy } from '../_utils/sockets.ts'
import { linkPackages, tempRoot } from '../_utils/temp.ts'
import { localPort, startVite } from '../_utils/vite.ts'

test('pools, blocks, groups and a well-known service in one app', async () => {
  const [from, to] = await freeRange(10)
  const [typed, dev] = [await freePort(), await freePort()]
  await using busy = await occupy('127.0.0.1')
  const optional = { group: 'extra', required: false }
  const options = {
    pools: { apis: `${from}-${to - 1}`, one: `${to}-${to}` },
    services: {
      api: { pool: 'apis', count: 2, contiguous: true, proxy: '/api' },
      auth: { pool: 'apis', priority: 1 },
      pg: { pool: 'one' },
      // Busy on many machines, so its port is said; its name still tells what it speaks.
      redis: { preferred: typed, env: { url: 'REDIS_URL' } },
      docs: { ...optional, pool: 'apis' },
      metrics: { ...optional, preferred: busy.port, strict: true },
    },
  }
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  const outside = await freePort()
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${JSON.stringify(options)})], server: { port: ${dev} } }`,
    '.env': `PG_PORT=${outside}\n`,
  })
  await using child = startVite('vite', root.dir)
  const port = await localPort(child)
  await child.sees(/metrics +none/)
  const block = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))
  expect(block).toMatchObject({
    // It chose first.
    AUTH_PORT: String(from),
    API_PORT: String(from + 1),
    API_PORT_1: String(from + 1),
    API_PORT_2: String(from + 2),
    API_TARGET: `http://localhost:${from + 1}`,
    PG_PORT: String(outside),
    REDIS_URL: `redis://localhost:${typed}`,
  })
  expect(Object.keys(block).filter((name) => /DOCS|METRICS|TARGET_2|PG_URL/.test(name))).toEqual([])
  expect(child.output()).toContain(
    `PG_PORT in .env is ${outside}, outside pool "one" (${to}-${to}) of "pg"; it counts all the same.`,
  )
  expect(child.output().replaceAll(/\s+/g, ' ')).toContain(
    'docs none not required; its group "extra" is not complete without "metrics"',
  )
  expect(await whoHolds(from + 2)).toMatchObject({ service: 'api-2' })
  expect(await whoHolds(from + 3)).toBeUndefined()
  expect((await fetch(`http://localhost:${port}/api/x`)).status).toBe(502)
})

test('a pool that others have nearly filled is told of; one with room, or of our own, is not', async () => {
  const [from, to] = await freeRange(12)
  await using _other = await occupy('127.0.0.1', from)
  const options = {
    pools: {
      shared: `${from}-${from + 2}`,
      own: `${from + 3}-${from + 3}`,
      large: `${from + 4}-${to}`,
    },
    services: { api: { pool: 'shared', count: 2 }, db: { pool: 'own' }, auth: { pool: 'large' } },
  }
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${JSON.stringify(options)})], server: { port: ${await freePort()} } }`,
  })
  await using child = startVite('vite', root.dir)
  await child.sees(/Widen it, or release what nobody needs/)
  expect(child.output()).toContain(
    `pool "shared" (${from}-${from + 2}) is 100% full: 2 reserved, 1 in use by others, 0 free.`,
  )
  expect(child.output()).not.toMatch(/pool "(own|large)"/)
})

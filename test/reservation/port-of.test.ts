import { expect, test } from 'vitest'
import { port, reserve } from '../../src/api.ts'
import type { Run } from '../../src/bundlers/adapter.ts'
import { plainRequest, servedRequest } from '../../src/bundlers/plain/request.ts'
import { resolveOptions } from '../../src/options/resolve.ts'
import { startRun } from '../../src/session/start.ts'
import { processWorld } from '../../src/session/world.ts'
import { freePort, freeRange, occupy } from '../_utils/sockets.ts'
import { tempRoot, type TempRoot } from '../_utils/temp.ts'
import type { Options } from '../../src/types.ts'

/** What a plugin starts, with `dev` still to come. */
function start(root: TempRoot, services: Options['services']): Promise<Run> {
  const options = resolveOptions({ services, env: false, summary: false })
  return startRun(plainRequest(options, root.dir, ['dev']), processWorld())
}

test('waits until the plugin has reserved the service', async () => {
  const api = await freePort()
  using root = tempRoot()
  const early = port('api', root.dir)
  const run = await start(root, { api })
  expect(await early).toBe(api)
  expect(await port('api', { root: root.dir })).toBe(api)
  run.close()
})

test('a service that comes with its server is waited for', async () => {
  const [dev, api] = await freeRange(2)
  using root = tempRoot()
  const run = await start(root, { dev, api })
  const known = port('dev', root.dir)
  const options = resolveOptions({ services: { dev, api }, env: false })
  const served = await startRun(
    servedRequest(options, root.dir, { port: dev, host: true, secure: false, flag: undefined }),
    processWorld(),
  )
  expect(await known).toBe(dev)
  served.close()
  run.close()
})

test('a service that shares a port has that one', async () => {
  const dev = await freePort()
  using root = tempRoot()
  const options = resolveOptions({ services: { dev }, env: false })
  const request = { ...plainRequest(options, root.dir), shared: { hmr: 'dev' } }
  const run = await startRun(request, processWorld())
  expect(await port('hmr', root.dir)).toBe(dev)
  run.close()
})

test('a service that no plugin has is an error that names those there are', async () => {
  const [api, web] = await freeRange(2)
  using root = tempRoot()
  const early = port('apl', root.dir)
  // A program's services are no plugin's: one may still start.
  await using _held = await reserve({ root: root.dir, services: { web } })
  const run = await start(root, { api })
  const error = {
    code: 'PORTS_NO_SERVICE',
    message: `${root.dir} has no service "apl". It has "web", "api".`,
  }
  await expect(early).rejects.toMatchObject(error)
  await expect(port('apl', root.dir)).rejects.toMatchObject(error)
  expect(await port('web', root.dir)).toBe(web)
  run.close()
})

test('a service that is not required and could not be had is an error with the attempts', async () => {
  await using taken = await occupy()
  using root = tempRoot()
  const run = await start(root, {
    api: { preferred: taken.port, strict: true, required: false },
  })
  await expect(port('api', root.dir)).rejects.toMatchObject({
    code: 'PORTS_NO_SERVICE',
    problems: [{ service: 'api', attempts: [{ port: taken.port, rejected: 'in-use' }] }],
  })
  run.close()
})

test('the wait ends at the timeout, and another root is not waited with', async () => {
  using root = tempRoot()
  using other = tempRoot()
  const run = await start(other, { api: await freePort() })
  await expect(port('api', { root: root.dir, timeoutMs: 20 })).rejects.toMatchObject({
    code: 'PORTS_TIMEOUT',
  })
  run.close()
})

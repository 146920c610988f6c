import { join } from 'node:path'
import { type Child, startNode } from '../_utils/children.ts'
import { installCopy, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'

/** A project whose tests start servers, with Vitest and this package installed. */
export function project(files: Readonly<Record<string, string>>): TempRoot {
  const root = tempRoot()
  installCopy(root.dir, { vitest: 'vitest', vite: 'vite' })
  root.write({ 'package.json': '{ "type": "module", "private": true }', ...files })
  return root
}

/** Runs Vitest in a project, once unless it is told to watch. */
export function startVitest(root: TempRoot, ...args: string[]): Child {
  const program = join(repo, 'node_modules/vitest/vitest.mjs')
  return startNode([program, ...(args.length > 0 ? args : ['run'])], { cwd: root.dir })
}

/** A config whose workers get ports for `services`, an object as source text. */
export function configOf(services: string, more = ''): string {
  return `import { defineConfig } from 'vitest/config'
import { testPorts } from 'unplugin-ports/vitest'
export default defineConfig({
  plugins: [testPorts({ services: ${services} })],
  test: { maxWorkers: 2, ${more} },
})
`
}

/** Tests that start a server on the worker's port, meet the other worker, and say what they saw. */
export function testFile(name: string): string {
  return `import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterAll, expect, inject, test } from 'vitest'
import { port, url } from 'unplugin-ports/vitest'

const server = createServer((request, response) => response.end('${name}'))
afterAll(() => server.close())
test('serves', async () => {
  expect(process.env.API_PORT).toBe(String(port('api')))
  expect(process.env.API_URL).toBe(url('api'))
  expect(inject('ports')[process.env.VITEST_POOL_ID - 1].api.port).toBe(port('api'))
  server.listen(port('api'), 'localhost')
  await once(server, 'listening')
  expect(await (await fetch(url('api'))).text()).toBe('${name}')
  console.log('served ${name} on ' + port('api') + ' of ' + inject('ports').map((w) => w.api.port).join(','))
})
`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { codeOf } from './_snippets.ts'

const { snippets, blocks, snippet } = codeOf(readFileSync(join(repo, 'docs/processes.md'), 'utf8'))

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual(['vite.config.js', 'api.js', 'processes.js'])
  expect(blocks).toBe(snippets.length)
})

test('Vite brings the API up', async () => {
  using root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'vite.config.js': snippet('vite.config.js'), 'api.js': snippet('api.js') })
  await using vite = startVite('vite', root.dir)
  const port = await localPort(vite)
  expect((await get(`http://localhost:${port}/api/x`)).text).toBe('the API, asked for /api/x')
  await vite.sees(/^\[api\] listening$/m)
})

test('a program starts it, too', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({
    'package.json': '{ "type": "module" }',
    // Not every supported Node knows `using`.
    'processes.js': `${snippet('processes.js').replace('await using', 'const')}await ports.close()\n`,
    'api.js': snippet('api.js'),
  })
  await using child = startNode(['processes.js'], { cwd: root.dir })
  expect((await child.ended).code, child.output()).toBe(0)
  expect(child.output()).toMatch(/^\[ 'api is running' \]$/m)
  expect(child.output()).toMatch(/^api says: listening$/m)
  expect(child.output()).toMatch(/^the API, asked for \/$/m)
  await until(() => child.process.exitCode !== null)
})

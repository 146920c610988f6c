import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { startVite } from '../_utils/vite.ts'
import { codeOf } from './_snippets.ts'

const { snippets, blocks, snippet } = codeOf(readFileSync(join(repo, 'docs/watching.md'), 'utf8'))

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual(['vite.config.js', 'lost.js'])
  expect(blocks).toBe(snippets.length)
})

test('vite.config.js: a server starts with it', async () => {
  using root = tempRoot()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'package.json': '{ "type": "module" }',
    'index.html': '<h1>app</h1>',
    'vite.config.js': snippet('vite.config.js'),
  })
  await using child = startVite('vite', root.dir)
  const [, port] = await child.sees(/api +(\d+)/)
  await until(async () => (await whoHolds(Number(port)))?.service === 'api')
})

test('lost.js: runs to its end', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({ 'package.json': '{ "type": "module" }', 'lost.js': snippet('lost.js') })
  await using child = startNode(['lost.js'], { cwd: root.dir })
  expect((await child.ended).code, child.output()).toBe(0)
  expect(child.output()).toMatch(/^8\d{3}\n$/)
})

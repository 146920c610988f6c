import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as api from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

const page = readFileSync(join(repo, 'docs/api.md'), 'utf8')
const { snippets, blocks, snippet } = codeOf(page)

/** Runs a snippet of the page to its end. */
async function run(
  root: TempRoot,
  file: string,
  more: Record<string, string> = {},
): Promise<Child> {
  linkPackages(root.dir)
  root.write({ 'package.json': '{ "type": "module" }', [file]: snippet(file), ...more })
  await using child = startNode([file], { cwd: root.dir })
  expect((await child.ended).code, child.output()).toBe(0)
  return child
}

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual([
    'anonymous.js',
    'services.js',
    'wait.js',
    'events.js',
    'saved.js',
  ])
  expect(blocks).toBe(snippets.length)
})

test('every page with code has a test', () => {
  const tested = readdirSync(import.meta.dirname).join(' ')
  for (const file of readdirSync(join(repo, 'docs'))) {
    const { blocks } = codeOf(readFileSync(join(repo, 'docs', file), 'utf8'))
    if (blocks > 0) expect(tested, file).toContain(file.replace('.md', '.test.ts'))
  }
})

test('every function, event and error code is on the page', () => {
  for (const [name, value] of Object.entries(api)) {
    if (typeof value === 'function') expect(page, name).toMatch(new RegExp(`\\b${name}\\b`))
  }
  const source = readFileSync(join(repo, 'src/errors.ts'), 'utf8')
  for (const [code] of source.matchAll(/PORTS_\w+/g)) expect(page).toContain(`\`${code}\``)
  const types = readFileSync(join(repo, 'src/program/types.ts'), 'utf8')
  const events = /interface PortsEvents \{([^]*?)\n\}/.exec(types)?.[1] ?? ''
  const names = [...events.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1])
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) expect(page).toContain(`| \`${name}\``)
})

test('ports without a service', async () => {
  using root = tempRoot()
  const child = await run(root, 'anonymous.js')
  expect(child.output()).toMatch(/^hello\n20\d\d\d 20\d\d\d 20\d\d\d\ntrue 4\n0\n$/)
})

test('services', async () => {
  using root = tempRoot()
  const output = (await run(root, 'services.js')).output()
  expect(output).toMatch(/WEB_PORT: '80\d\d'/)
  expect(output).toMatch(/web has 80\d\d: from its range \(\d+ attempts?\)/)
  expect(output).toMatch(/service: 'job'/)
  expect(output).toMatch(/^true$/m)
})

test('waiting', async () => {
  using root = tempRoot()
  const child = await run(root, 'wait.js', {
    'slow.js': `import { createServer } from 'node:http'
      const server = createServer((request, response) => response.end('up'))
      setTimeout(() => server.listen(process.env.PORT), 50)`,
  })
  expect(child.output()).toBe('healthy\nclosed\n')
})

test('events', async () => {
  using root = tempRoot()
  const output = (await run(root, 'events.js')).output()
  expect(output.match(/^allocated shard 210\d\d$/gm)).toHaveLength(3)
  expect(output).toMatch(/^shards true$/m)
  expect(output.match(/^released shard$/gm)).toHaveLength(3)
})

test('a saved configuration', async () => {
  using root = tempRoot()
  const first = (await run(root, 'saved.js')).output()
  expect(first).toMatch(/^\{ web: 83\d\d \}\n$/)
  expect(readFileSync(join(root.dir, 'ports.saved.json'), 'utf8')).toContain('"preferred"')
  const [, port] = /web: (\d+)/.exec(first) ?? []
  await using taken = startNode(['saved.js'], { cwd: root.dir })
  expect((await taken.ended).code).toBe(0)
  expect(taken.output()).toContain(String(port))
})

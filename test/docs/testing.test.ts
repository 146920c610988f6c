import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repo } from '../_utils/temp.ts'
import { checkout, startPlaywright } from '../test-runners/_playwright.ts'
import { project, startVitest } from '../test-runners/_vitest.ts'
import { codeOf } from './_snippets.ts'

const page = readFileSync(join(repo, 'docs/testing.md'), 'utf8')
const { snippets, blocks, snippet } = codeOf(page)

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual([
    'playwright.config.ts',
    'playwright.config.ts',
    'shop.spec.ts',
    'vitest.config.ts',
    'api.test.ts',
  ])
  expect(blocks).toBe(snippets.length)
})

const PACKAGE = '{ "private": true, "type": "module", "scripts": { "dev": "node server.mjs" } }'

test('one server', async () => {
  using root = checkout({
    'package.json': PACKAGE,
    'playwright.config.ts': snippet('playwright.config.ts'),
  })
  await using run = startPlaywright(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('several servers', async () => {
  using root = checkout({
    'package.json': PACKAGE,
    'playwright.config.ts': snippet('playwright.config.ts', 'servers:'),
    'api.js': `import { createServer } from 'node:http'
createServer((request, response) => response.end(request.url === '/health' ? 'ok' : '?')).listen(process.env.PORT)`,
    'e2e/shop.spec.ts': snippet('shop.spec.ts'),
  })
  await using run = startPlaywright(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('workers of Vitest', async () => {
  using root = project({
    'vitest.config.ts': snippet('vitest.config.ts'),
    'api.test.ts': snippet('api.test.ts'),
  })
  await using run = startVitest(root)
  expect((await run.ended).code, run.output()).toBe(0)
})

test('the options are those that there are', () => {
  const types = readFileSync(join(repo, 'src/test-runners/playwright-types.ts'), 'utf8')
  const bodies = ['PassedOn', 'TestServer extends PortWish, PassedOn'].map(
    (name) => new RegExp(`interface ${name} \\{([^]*?)\\n\\}`).exec(types)?.[1] ?? '',
  )
  const names = bodies.flatMap((body) => [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((m) => m[1]))
  expect(names.length).toBeGreaterThan(8)
  for (const name of names) expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|`, 'm'))
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { effectiveOptions, programOptions } from '../../src/config/effective-options.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

const page = readFileSync(join(repo, 'docs/compose.md'), 'utf8')
const [, yaml = ''] = /```yaml\n# compose\.yaml\n([^]*?)```/.exec(page) ?? []

test('the files of the page do what it says', async () => {
  using root = tempRoot()
  linkPackages(root.dir)
  root.write({
    'package.json': '{ "type": "module" }',
    'compose.yaml': yaml,
    'ports.config.ts': codeOf(page).snippet('ports.config.ts'),
  })
  const query = { given: undefined, cwd: root.dir, root: undefined, mode: undefined, env: {} }
  const { options, composeFiles } = await effectiveOptions(query)
  expect(options.warnings).toBeUndefined()
  expect(options.services.map(({ name, preferred }) => [name, preferred])).toEqual([
    ['db', [5432]],
    ['api', [3000]],
  ])
  expect(options.services[0]?.env.port).toEqual(['DB_PORT'])
  expect([...composeFiles.keys()]).toContain(join(root.dir, 'compose.yaml'))
  // A program listens by itself, and containers do so for others.
  const program = await programOptions({}, root.dir)
  expect(program.options.services.map(({ name }) => name)).toEqual(['api'])
})

test('every block of code on the page is tried', () => {
  expect(codeOf(page).blocks).toBe(codeOf(page).snippets.length)
})

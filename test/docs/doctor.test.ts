import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKS } from '../../src/doctor/checks.ts'
import { runCli } from '../_utils/cli.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

const page = readFileSync(join(repo, 'docs/doctor.md'), 'utf8')
const documented = [...page.matchAll(/^\| `([\w-]+)`/gm)].map(([, code]) => code)

test('every code and every check is in the table, and no other', () => {
  const source = readFileSync(join(repo, 'src/doctor/finding.ts'), 'utf8')
  const [, union = ''] = /export type FindingCode =([^]*?)\n\n/.exec(source) ?? []
  const codes = [...union.matchAll(/\| '([\w-]+)'/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(10)
  expect(documented.toSorted()).toEqual(codes.toSorted())
  for (const { name } of CHECKS) expect(documented).toContain(name)
})

test('the findings that are shown are what is printed', async () => {
  using root = tempRoot()
  root.write({
    'package.json': '{}',
    'ports.config.json': '{ "services": { "irc": 6667, "api": 3000 } }',
    'src/main.js': "fetch('http://localhost:3000')\n",
  })
  const [, shown = ''] = /```\n(error[^]*?)```/.exec(page) ?? []
  const { stdout } = await runCli(['doctor'], { cwd: root.dir, env: { COLUMNS: '500' } })
  for (const paragraph of shown.split('\n\n').slice(0, -1))
    expect(stdout).toContain(paragraph.trim())
})

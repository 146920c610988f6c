import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { ENV_FORMATS } from '../../src/output/env-formats.ts'
import { repo } from '../_utils/temp.ts'

const docs = readFileSync(join(repo, 'docs/cli.md'), 'utf8')
const sections = new Map(
  docs.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')), section]),
)

describe.each(COMMANDS.map((spec) => [spec.name, spec] as const))('ports %s', (name, spec) => {
  const section = sections.get(name === 'list' ? '`ports`' : `\`ports ${name}\``) ?? ''

  test('has a section with its arguments, flags and JSON', () => {
    expect(section).toContain(name === 'list' ? 'ports [list]' : `ports ${name}`)
    for (const flag of Object.keys(spec.flags)) expect(section, flag).toContain(`--${flag}`)
    if (!['env', 'run', 'dev'].includes(name)) expect(section).toContain('`--json`: `{ v')
  })

  test('is in the table', () => {
    const title = name === 'list' ? '`ports`' : `\`ports ${name}\``
    expect(docs).toContain(`| [${title}](#ports${name === 'list' ? '' : `-${name}`})`)
  })

  test('has only exit codes that are documented', () => {
    for (const [code] of spec.exits) expect(Object.values(EXIT)).toContain(code)
  })
})

test('every exit code is in the table, and no other', () => {
  const table = sections.get('Exit codes') ?? ''
  const codes = [...table.matchAll(/^\| `(\d+)`/gm)].map((match) => Number(match[1]))
  expect(codes).toEqual(Object.values(EXIT))
})

test('every format of ports env is there', () => {
  for (const format of ENV_FORMATS) expect(sections.get('`ports env`')).toContain(`\`${format}\``)
})

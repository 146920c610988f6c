import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repo } from '../_utils/temp.ts'

const text = readFileSync(join(repo, 'docs/promises.md'), 'utf8')
const [promises = '', figures = ''] = text.split('## Figures')
const rows = (part: string): string[] =>
  part.split('\n').filter((line) => line.startsWith('|') && !/^\| (-+|Promise|Part) /.test(line))

test('each promise names tests that exist', () => {
  expect(rows(promises).length).toBeGreaterThan(10)
  for (const row of rows(promises)) {
    const files = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file)
    expect(files, row).not.toEqual([])
    for (const file of files) expect(existsSync(join(repo, file)), file).toBe(true)
  }
})

test('each part of the benchmark is one that can be run', () => {
  const suites = readFileSync(join(repo, 'test/bench/run.ts'), 'utf8')
  const [, list = ''] = /SUITES.*? = \{([^}]*)\}/s.exec(suites) ?? []
  const known = [...list.matchAll(/^ +(\w+)/gm)].map(([, name]) => name)
  const named = rows(figures.split('##')[0] ?? '').map((row) => /`(\w+)`/.exec(row)?.[1])
  expect(named).toEqual(known)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { HOSTS, renderHosts } from '../../src/bundlers/hosts.ts'
import { repo } from '../_utils/temp.ts'

const read = (file: string): string => readFileSync(join(repo, file), 'utf8')

test('the README has the table of hosts', () => {
  const [, section] = /<!-- hosts -->\n([^]*?)<!-- \/hosts -->/.exec(read('README.md')) ?? []
  expect(section?.trim()).toBe(renderHosts())
})

test('hosts that are said to have no server get none, and all is said of each once', () => {
  expect(new Set(HOSTS.map(({ entry }) => entry)).size).toBe(HOSTS.length)
  for (const { name, injects, hmr, preview, proxy, limits } of HOSTS) {
    if (injects === 'none') expect([hmr, preview, proxy], name).toEqual([false, false, false])
    for (const limit of limits) expect(limit, name).toMatch(/^[A-Z`e].*\.$/)
  }
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { viteHost } from '../bundlers/_hosts/vite.ts'
import { appOf } from '../bundlers/_suite.ts'
import { startNode } from '../_utils/children.ts'
import { get } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

const page = readFileSync(join(repo, 'docs/status-page.md'), 'utf8')
const { snippets, blocks, snippet } = codeOf(page)

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual(['whose.mjs'])
  expect(blocks).toBe(snippets.length)
})

test('the snippet, and every field and metric of a real server is on the page', async () => {
  const [from, to] = await freeRange(2)
  const ports = JSON.stringify({
    services: { api: { range: [to, to], description: 'REST' } },
    pools: { team: '24000-24009' },
  })
  using root = appOf(viteHost, { server: { port: from }, ports })
  root.write({ 'whose.mjs': snippet('whose.mjs') })
  await using server = viteHost.start(root.dir)
  const { origin } = await viteHost.url(server)
  const env = parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8')) as Record<string, string>
  await using tool = startNode(['whose.mjs'], { cwd: root.dir, env })
  expect((await tool.ended).code, tool.output()).toBe(0)
  expect(tool.output()).toBe(`dev on ${from} is no branch of ${root.dir}\n`)

  const ask = async (path: string): Promise<string> => (await get(`${origin}/__ports/${path}`)).text
  const identity = JSON.parse(await ask('identity.json')) as object
  for (const name of Object.keys(identity)) expect(page).toContain(`"${name}"`)
  const status = JSON.parse(await ask('status.json')) as {
    services: readonly object[]
    pools: readonly object[]
  }
  const parts = [status, ...status.services, ...status.pools]
  for (const name of new Set(parts.flatMap((part) => Object.keys(part)))) {
    if (name !== 'v') expect(page, name).toContain(`\`${name}\``)
  }
  for (const [, name] of (await ask('metrics')).matchAll(/^# TYPE (\w+)/gm)) {
    expect(page).toContain(`| \`${name}\``)
  }
})

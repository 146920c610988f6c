import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { cliFile } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { linkCommands } from '../_utils/projects.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

const { snippets, blocks, snippet } = codeOf(readFileSync(join(repo, 'docs/dev.md'), 'utf8'))

test('the config starts a project', async () => {
  expect(snippets.map(({ file }) => file)).toEqual([
    'ports.config.js',
    'ports.config.mjs',
    'ports.config.js',
  ])
  expect(blocks).toBe(3)
  using root = tempRoot('express-vite')
  linkPackages(root.dir, { vite: 'vite', express: 'express' })
  linkCommands(root.dir, { vite: 'vite/bin/vite.js' })
  root.write({ 'ports.config.js': snippet('ports.config.js'), 'mail.js': `console.log('mail')` })
  await using child = startNode([cliFile, 'dev', '--profile', 'e2e'], { cwd: root.dir })
  const [, page = ''] = await child.sees(/^ +dev +(http:\/\/localhost:\d+)\//m)
  await child.sees(/\[api\] the API is up/)
  await child.sees(/\[mail\] mail/)
  await child.sees(/\[dev\].*ready in/, 60_000)
  expect((await get(`${page}/api/hello`)).text).toContain(root.dir)
})

test.skipIf(process.platform === 'win32')('and one with a container', async () => {
  using root = tempRoot('compose')
  root.write({ 'ports.config.mjs': snippet('ports.config.mjs') })
  const PATH = [join(repo, 'test/fixtures/docker'), process.env.PATH].join(delimiter)
  await using child = startNode([cliFile, 'dev'], { cwd: root.dir, env: { PATH } })
  const [, api = ''] = await child.sees(/^ +api +(http:\/\/localhost:\d+)\//m)
  await child.sees(/\[api\] the API is up/, 60_000)
  expect(child.output()).toMatch(/\[db\] docker compose up -t 3 db on \d+/)
  expect((await get(api)).text).toContain(`db of ${root.dir}`)
})

test('and one for the packages of a workspace', async () => {
  using root = tempRoot('monorepo')
  linkPackages(root.dir, { vite: 'vite' })
  linkCommands(root.dir, { vite: 'vite/bin/vite.js' })
  root.write({
    'ports.config.mjs': snippet('ports.config.js', 'packages'),
  })
  await using child = startNode([cliFile, 'dev'], { cwd: root.dir })
  const [, page = ''] = await child.sees(/^ +web +(http:\/\/localhost:\d+)\//m)
  await child.sees(/\[api\] the API is up/, 60_000)
  await child.sees(/\[web\].*ready in/, 60_000)
  expect((await get(`${page}/api/hello`)).text).toContain(join(root.dir, 'packages/api'))
})

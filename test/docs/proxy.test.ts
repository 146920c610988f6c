import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/options/resolve.ts'
import { UPSTREAM_HEADER } from '../../src/bundlers/proxy-hop.ts'
import { answer } from '../_utils/http.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { upstream } from '../_utils/upstream.ts'
import { localPort, startVite } from '../_utils/vite.ts'
import { codeOf } from './_snippets.ts'

const page = readFileSync(join(repo, 'docs/proxy.md'), 'utf8')
const { snippets, blocks, snippet } = codeOf(page)

test('every snippet is one that a test here runs', () => {
  expect(snippets.map(({ file }) => file)).toEqual(['vite.config.js', 'vite.config.js'])
  expect(blocks).toBe(snippets.length)
})

test('a service behind a path, and staging behind the service', async () => {
  await using staging = await upstream('staging')
  const place = `http://localhost:${staging.port}`
  for (const [containing, expected] of [
    ["proxy: '/api' }", { status: 502 }],
    ['const upstreams', { status: 200, upstream: place }],
  ] as const) {
    using root = tempRoot('vite-app')
    linkPackages(root.dir, { vite: 'vite' })
    const code = snippet('vite.config.js', containing)
    root.write({ 'vite.config.js': code.replace('https://staging.example.com', place) })
    await using child = startVite('vite', root.dir)
    const url = `http://localhost:${await localPort(child)}/api/x`
    await until(async () => (await answer(url)).status === expected.status)
    const { headers } = await answer(url)
    expect(headers[UPSTREAM_HEADER]).toBe('upstream' in expected ? expected.upstream : undefined)
  }
})

test('the header, the ways to balance and the defaults are named as they are', () => {
  expect(page).toContain(`\`${UPSTREAM_HEADER}\``)
  for (const balance of ['round-robin', 'random', 'priority'] as const) {
    expect(page).toContain(`| \`'${balance}'\``)
    resolveOptions({ services: { api: { proxy: '/api', count: 2, balance } } })
  }
  const [service] = resolveOptions({ services: { api: {} } }).services
  expect(service?.balance).toBe('round-robin')
})

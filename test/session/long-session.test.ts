import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startNode } from '../_utils/children.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'

interface Inventory {
  readonly resources: Record<string, number>
  readonly listeners: Record<string, number>
  readonly timers: number
  readonly fds: number
  readonly heapMb: number
}

const HOURS = 12

test(`${HOURS} hours and ${HOURS} nights with probes, moves, edits and restarts leave nothing open`, async () => {
  const [dev] = await freeRange(4)
  using root = tempRoot()
  linkPackages(root.dir, { vite: 'vite' })
  root.write({ 'index.html': '<h1>app</h1>', 'package.json': '{ "type": "module" }' })
  const program = join(repo, 'test/fixtures/programs/long-session.mjs')
  // Beside the linked packages, so that it finds them.
  root.write({ 'session.mjs': readFileSync(program, 'utf8') })
  await using child = startNode(['--expose-gc', 'session.mjs', String(HOURS), String(dev)], {
    cwd: root.dir,
  })
  const [, text = ''] = await child.sees(/result (.*)/, 120_000)
  const { before, after } = JSON.parse(text) as { before: Inventory; after: Inventory }
  expect(after.resources).toEqual(before.resources)
  expect(after.listeners).toEqual(before.listeners)
  expect(after.timers).toBeLessThanOrEqual(before.timers)
  expect(after.fds).toBeLessThanOrEqual(before.fds)
  expect(after.heapMb - before.heapMb).toBeLessThan(8)
  expect((await child.ended).code).toBe(0)
}, 150_000)

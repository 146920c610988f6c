import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve } from '../../src/api.ts'
import type { Options } from '../../src/types.ts'
import { git, initRepo } from '../_utils/git.ts'
import { recordOf } from '../_utils/memory.ts'
import { startProgram } from '../_utils/program.ts'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'

/** A repository `shop` in a directory of its own, so that worktrees can lie beside it. */
function project(files: Record<string, string> = { 'package.json': '{}' }) {
  const temp = tempRoot()
  const main = join(temp.dir, 'shop')
  mkdirSync(main)
  temp.write(Object.fromEntries(Object.entries(files).map(([n, text]) => [`shop/${n}`, text])))
  initRepo(main)
  return {
    ...temp,
    main,
    /** Adds a linked worktree beside the main one, on a branch of that name. */
    worktree(name: string): string {
      git(main, 'worktree', 'add', '-b', name, `../${name}`)
      return join(temp.dir, name)
    },
  }
}

/** The services of a project: one that prefers a port, one that has a range only. */
async function shopOptions(): Promise<{ preferred: number; options: Options }> {
  const [from, to] = await freeRange(60)
  const services: Options['services'] = {
    web: { preferred: from, range: [from, from + 29] },
    api: { range: [from + 30, to] },
  }
  return { preferred: from, options: { services } }
}

/** Ports by root of programs that are started at once and all run at the same time. */
async function runTogether(roots: readonly string[], options: Options) {
  const programs = roots.map((root) => startProgram(root, options))
  try {
    const got = await Promise.all(programs.map((program) => program.got()))
    return new Map(
      got.map(({ web, api }, index) => [roots[index] as string, [web?.port, api?.port]]),
    )
  } finally {
    await Promise.all(programs.map((program) => program.end('SIGKILL')))
  }
}

async function runAlone(root: string, options: Options) {
  await using held = await reserve({ root, ...options })
  const { web, api } = held.services
  return { web, api, ports: [web?.port, api?.port] }
}

test('the main checkout has the preferred port, a linked worktree its own, whoever starts first', async () => {
  using shop = project()
  const { preferred, options } = await shopOptions()
  const feature = shop.worktree('feature-x')
  const first = await runAlone(feature, options)
  expect(first.web).toMatchObject({ source: 'range', attempts: [{}] })
  expect(first.web?.port).not.toBe(preferred)
  expect((await runAlone(shop.main, options)).web).toMatchObject({
    port: preferred,
    source: 'preferred',
  })
  const again = await runAlone(feature, options)
  expect(again.ports).toEqual(first.ports)
  expect(again.web?.source).toBe('sticky')
})

test('a worktree of that name has the same ports on another machine', async () => {
  using here = project()
  using there = project()
  const { options } = await shopOptions()
  const ports = await runAlone(here.worktree('feature-x'), { ...options, sticky: false })
  const others = await runAlone(there.worktree('feature-x'), { ...options, sticky: false })
  expect(others.ports).toEqual(ports.ports)
  const different = await runAlone(here.worktree('feature-y'), { ...options, sticky: false })
  expect(different.ports).not.toEqual(ports.ports)
})

test('ten worktrees started at once: all distinct, and stable over restarts in any order', async () => {
  using shop = project()
  const { preferred, options } = await shopOptions()
  const names = Array.from({ length: 9 }, (_, index) => `agent-${index}`)
  const roots = [shop.main, ...names.map((name) => shop.worktree(name))]
  const first = await runTogether(roots, options)
  const ports = [...first.values()].flat()
  expect(ports).not.toContain(undefined)
  expect(new Set(ports).size).toBe(20)
  expect(first.get(shop.main)?.[0]).toBe(preferred)

  const again = await runTogether(roots.toReversed(), options)
  expect([...again].toSorted()).toEqual([...first].toSorted())
  // One by one too, when no other is there to be in the way.
  for (const root of [roots[7], roots[2], roots[0], roots[9]] as string[]) {
    expect((await runAlone(root, options)).ports).toEqual(first.get(root))
  }
})

test('two worktrees started at once, crashed and started again', async () => {
  using shop = project()
  const { options } = await shopOptions()
  const roots = [shop.worktree('one'), shop.worktree('two')]
  const first = await runTogether(roots, options)
  expect(new Set([...first.values()].flat()).size).toBe(4)
  expect(await runTogether(roots, options)).toEqual(first)
})

test('a worktree that is added later keeps off the ports of those that are not running', async () => {
  using shop = project()
  const [from, to] = await freeRange(3)
  const options: Options = { services: { web: { range: [from, to] } } }
  const ports = []
  for (const name of ['one', 'two', 'three']) {
    ports.push((await runAlone(shop.worktree(name), options)).web?.port)
  }
  expect(ports.toSorted()).toEqual([from, from + 1, to])
})

test('worktrees of a bare repository all have ports of their own', async () => {
  using shop = project()
  const bare = join(shop.dir, 'bare/.bare')
  git(shop.dir, 'clone', '--bare', shop.main, bare)
  git(bare, 'worktree', 'add', '../main', 'main')
  git(bare, 'worktree', 'add', '-b', 'other', '../other')
  const { preferred, options } = await shopOptions()
  const roots = ['main', 'other'].map((name) => join(dirname(bare), name))
  const first = await runTogether(roots, options)
  const ports = [...first.values()].flat()
  expect(new Set(ports).size).toBe(4)
  expect(ports).not.toContain(preferred)
  expect(await runTogether(roots.toReversed(), options)).toEqual(new Map([...first].toReversed()))
})

test('a submodule of the main checkout is no worktree; one of a worktree is', async () => {
  using shop = project()
  using library = project()
  git(shop.main, 'submodule', 'add', library.main, 'vendor/library')
  git(shop.main, 'commit', '-m', 'submodule')
  const feature = shop.worktree('feature-x')
  git(feature, 'submodule', 'update', '--init')
  const { preferred, options } = await shopOptions()
  const inMain = await runAlone(join(shop.main, 'vendor/library'), options)
  expect(inMain.web).toMatchObject({ port: preferred, source: 'preferred' })
  const inFeature = await runAlone(join(feature, 'vendor/library'), options)
  expect(inFeature.web?.source).toBe('range')
  expect(inFeature.web?.port).not.toBe(preferred)
})

test('packages of one workspace are roots of their own, which keep off each other', async () => {
  using shop = project({
    'package.json': '{ "workspaces": ["packages/*"] }',
    'packages/web/package.json': '{}',
    'packages/admin/package.json': '{}',
  })
  const feature = shop.worktree('feature-x')
  const { preferred, options } = await shopOptions()
  const roots = [shop.main, feature].flatMap((checkout) => [
    join(checkout, 'packages/web'),
    join(checkout, 'packages/admin'),
  ])
  const first = await runTogether(roots, options)
  expect(new Set([...first.values()].flat()).size).toBe(8)
  const mains = roots.slice(0, 2).map((root) => first.get(root)?.[0])
  expect(mains).toContain(preferred)
  for (const root of roots) {
    expect((await runAlone(root, options)).ports, root).toEqual(first.get(root))
  }
})

test('a worktree that git has moved, and one moved by hand, are linked ones still', async () => {
  using shop = project()
  const { preferred, options } = await shopOptions()
  const feature = shop.worktree('feature-x')
  const before = await runAlone(feature, options)
  git(shop.main, 'worktree', 'move', feature, join(shop.dir, 'moved'))
  const moved = await runAlone(join(shop.dir, 'moved'), options)
  expect(moved.ports).not.toContain(preferred)
  expect(moved.ports).toEqual(before.ports)
  renameSync(join(shop.dir, 'moved'), join(shop.dir, 'by-hand'))
  // Somebody else's start in between forgets nothing.
  await runAlone(shop.main, options)
  const byHand = await runAlone(join(shop.dir, 'by-hand'), options)
  expect(byHand.ports).toEqual(before.ports)
  git(shop.main, 'worktree', 'repair', join(shop.dir, 'by-hand'))
  git(shop.main, 'worktree', 'remove', join(shop.dir, 'by-hand'))
  await runAlone(shop.worktree('another'), options)
  expect(recordOf(join(shop.dir, 'by-hand'))).toBeUndefined()
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repo } from '../_utils/temp.ts'
import { pack, type Tarball } from './_pack.ts'

let tarball: Tarball
beforeAll(async () => {
  tarball = await pack()
})
afterAll(() => tarball[Symbol.dispose]())

test('the package is what users need, and nothing else', () => {
  const top = new Set(tarball.paths.map((path) => path.split('/')[0]))
  expect([...top].toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'client.d.ts',
    'dist',
    'package.json',
    'schema.json',
  ])
  const inDist = tarball.paths.filter((path) => path.startsWith('dist/'))
  expect(inDist.filter((path) => !/\.(mjs|d\.mts)$/.test(path))).toEqual([
    'dist/preload.cjs',
    'dist/status/page.css',
    'dist/status/page.js',
    'dist/THIRD-PARTY-LICENSES.md',
  ])
})

test('every entry is there', () => {
  const { exports } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>
  }
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  expect(targets.length).toBeGreaterThan(0)
  for (const target of targets) expect(tarball.paths).toContain(target.replace('./', ''))
})

test('no file points at a source map, since none is published', () => {
  const pointing = tarball.paths.filter((path) =>
    readFileSync(join(repo, path), 'utf8').includes('sourceMappingURL='),
  )
  expect(pointing).toEqual([])
})

test.each(['valibot', 'leven'])(
  'the licence of %s, which is part of dist, is passed on',
  (name) => {
    const text = readFileSync(join(repo, 'dist/THIRD-PARTY-LICENSES.md'), 'utf8')
    const [section = ''] = text.split(/^## /m).filter((part) => part.startsWith(`${name} `))
    expect(section).toMatch(/Permission is hereby granted, free of charge/)
  },
)

test('publint has nothing to say', async () => {
  const buffer = readFileSync(tarball.file)
  const data = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
  const { messages } = await publint({ pack: { tarball: data as ArrayBuffer }, strict: true })
  expect(messages).toEqual([])
})

test('the types are right wherever ESM is understood', async () => {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball.file)))
  if (!result.types) throw new Error('no types were found')
  expect(Object.keys(result.entrypoints)).toContain('./vite')
  // The other two are TypeScript's "node10" and what `require()` was before Node 20.19.
  const understood = new Set(['node16-esm', 'bundler'])
  const problems = result.problems.filter(
    (problem) => !('resolutionKind' in problem) || understood.has(problem.resolutionKind),
  )
  expect(problems).toEqual([])
})

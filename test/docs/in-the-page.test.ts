import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Meter } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { createInstruments } from '../../src/session/telemetry/instruments.ts'
import { startNode } from '../_utils/children.ts'
import { git } from '../_utils/git.ts'
import { get } from '../_utils/http.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { localPort } from '../_utils/vite.ts'
import { codeOf } from './_snippets.ts'

const docs = readFileSync(join(repo, 'docs/in-the-page.md'), 'utf8')
const { snippets, blocks, snippet } = codeOf(docs)

function appWith(...files: string[]): TempRoot {
  const root = tempRoot('vite-app')
  git(root.dir, 'init', '-q', '-b', 'feature-x')
  const names = ['@opentelemetry/api', '@opentelemetry/sdk-metrics']
  linkPackages(root.dir, { vite: 'vite', ...Object.fromEntries(names.map((n) => [n, n])) })
  root.write(Object.fromEntries(files.map((file) => [file, snippet(file)])))
  return root
}

const start = (root: TempRoot, env: Record<string, string> = {}) =>
  startNode([join(repo, 'node_modules/vite/bin/vite.js')], { cwd: root.dir, env })

test('every block of code is run here', () => {
  expect(snippets.map(({ file }) => file)).toEqual(['vite.config.js', 'otel.mjs'])
  expect(blocks).toBe(2)
})

test('vite.config.js: titles have the branch, and the script watches no server', async () => {
  using root = appWith('vite.config.js')
  await using vite = start(root)
  const url = `http://localhost:${await localPort(vite)}`
  expect((await get(`${url}/`)).text).toContain('<title>[feature-x] app</title>')
  const { text } = await get(`${url}/__ports/client.js`)
  expect(text).toContain('"feature-x"')
  expect(text).not.toContain('sessionStorage')
})

test('otel.mjs: metrics are printed', async () => {
  using root = appWith('vite.config.js', 'otel.mjs')
  await using vite = start(root, { NODE_OPTIONS: '--import ./otel.mjs' })
  await vite.sees(/ports\.allocations[^]*ports\.project/, 40_000)
})

describe('the table of metrics', () => {
  test('names every instrument with its unit, and no other', () => {
    const made: [string, string][] = []
    const note = (name: string, { unit }: { unit: string }) => made.push([name, unit])
    const meter = {
      createObservableCounter: note,
      createObservableUpDownCounter: note,
      createHistogram: note,
      addBatchObservableCallback() {},
    } as unknown as Meter
    createInstruments(meter, () => Promise.resolve([]))
    const rows = [...docs.matchAll(/^\| `(ports\.[\w.]+)` +\| [\w -]+, `([^`]+)`/gm)]
    expect(rows.map(([, name, unit]) => [name, unit]).toSorted()).toEqual(made.toSorted())
  })
})

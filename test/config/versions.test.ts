import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NodeBinary, testNodes } from '../_utils/nodes.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { type Case, GOOD, WRONG } from './_cases.ts'

// The test runner has its own way to import modules, so real Nodes read the files here.
const own: NodeBinary = { file: process.execPath, version: process.version }
const nodes = [
  ...new Map([own, ...(await testNodes())].map((node) => [node.version, node])).values(),
]
const cases = [...GOOD, ...WRONG]

const PROGRAM = `import { loadOptions, loadOptionsSync } from './load.mjs'
const [kind, list] = process.argv.slice(2)
const answers = []
for (const { root, mode, fresh } of JSON.parse(list)) {
  try {
    const query = { root, mode, fresh, given: undefined }
    const { options } = kind === 'sync' ? loadOptionsSync(query) : await loadOptions(query)
    answers.push({ options })
  } catch (error) {
    answers.push({ error: error.message, name: error.name })
  }
}
console.log(JSON.stringify(answers))
`

interface Answer {
  readonly options?: unknown
  readonly error?: string
  readonly name?: string
}

let root: TempRoot
beforeAll(async () => {
  root = tempRoot()
  linkPackages(root.dir, { jiti: 'jiti' })
  await build({
    entryPoints: [join(repo, 'src/config/load.ts')],
    outfile: join(root.dir, 'load.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['jiti'],
  })
  root.write({ 'read.mjs': PROGRAM })
  for (const [index, { files }] of cases.entries()) {
    const texts = Object.entries(files).map(([name, text]) => [`${index}/${name}`, text])
    root.write({ [`${index}/package.json`]: '{}', ...Object.fromEntries(texts) })
  }
})
afterAll(() => root[Symbol.dispose]())

async function read(node: NodeBinary, kind: 'sync' | 'async', fresh: boolean): Promise<Answer[]> {
  const queries = cases.map(({ mode }, index) => ({
    root: join(root.dir, String(index)),
    mode,
    fresh,
  }))
  const args = ['read.mjs', kind, JSON.stringify(queries)]
  const { stdout } = await promisify(execFile)(node.file, args, { cwd: root.dir })
  return JSON.parse(stdout) as Answer[]
}

describe.each(nodes)('$version', (node) => {
  test.each([
    ['where the host waits', 'async', false],
    ['after an edit', 'async', true],
    ['where it may not', 'sync', false],
  ] as const)('reads every kind of file, %s', async (_, kind, fresh) => {
    const answers = await read(node, kind, fresh)
    for (const [index, expected] of cases.entries()) {
      const { options, error = '', name } = answers[index] ?? {}
      const wanted = errorOf(expected, kind)
      if (wanted === undefined) {
        expect({ options, error }, expected.what).toEqual({ options: expected.options, error: '' })
      } else {
        expect(error.slice(0, wanted.length), expected.what).toBe(wanted)
        expect(name).toMatch(/^PortsOptionError/)
      }
    }
  })
})

function errorOf({ error, atOnce }: Case, kind: 'sync' | 'async'): string | undefined {
  return kind === 'sync' ? (atOnce ?? error) : error
}

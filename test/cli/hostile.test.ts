import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createColors } from 'picocolors'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import { RootMemory } from '../../src/memory/root-memory.ts'
import { readOrderFiles } from '../../src/lease/order-file.ts'
import { findCheckout } from '../../src/utils/checkout.ts'
import { readGitWorkTree } from '../../src/utils/git-dir.ts'
import { loadOptions } from '../../src/config/load.ts'
import { PortsOptionError } from '../../src/errors.ts'
import { recordFile } from '../_utils/memory.ts'
import { tempRoot } from '../_utils/temp.ts'

/** What a command line prints and says, in this process. */
async function run(argv: readonly string[]): Promise<{ code: number; err: string }> {
  let err = ''
  const io: Io = {
    out: () => {},
    write: () => {},
    json: () => {},
    columns: 80,
    rows: 24,
    err: (text) => (err += `${text}\n`),
    writeErr: (text) => (err += text),
    colors: createColors(false),
    isTerminal: false,
    canAsk: false,
  }
  return { code: await main(argv, io), err }
}

/** Commands that change nothing and wait for nobody. */
const HARMLESS = [
  'who',
  'check',
  'explain',
  'env',
  'list',
  'compose',
  'completions',
  'help',
  'complete',
]

describe('command lines', () => {
  test('property: any is done or refused, and never with a stack', async () => {
    using root = tempRoot()
    root.write({ 'package.json': '{}' })
    const word = fc.oneof(
      fc.constantFrom(
        '--json',
        '--port',
        '--cwd',
        '-C',
        '--',
        '-',
        '--=',
        '--json=1',
        '--no-json',
        '-hjx',
        '5173',
        ':80',
        '99999',
        '-1',
        '0',
        '3000-3001',
        '9-1',
        '1e3',
        '0x50',
        '__proto__',
        '--format',
        'dotenv',
        '--file',
        '/dev/null',
        '..',
        '',
        ' ',
        '\u0000',
        '\n',
        'constructor',
        '--__proto__',
        '--constructor=1',
        '--toString',
        '\u001b[2J',
        'é\u202E',
        'x'.repeat(5000),
      ),
      fc.string({ maxLength: 12 }),
    )
    const line = fc.tuple(fc.constantFrom(...HARMLESS), fc.array(word, { maxLength: 4 }))
    await fc.assert(
      fc.asyncProperty(line, async ([name, words]) => {
        // `-C` before all else, so that none of it is about this checkout.
        const { code, err } = await run([name, '-C', root.dir, ...words])
        expect(code).toBeTypeOf('number')
        expect(err).not.toMatch(/^\s+at .*[:(]/m)
        expect(err).not.toMatch(/TypeError|RangeError|ERR_|is not a function/)
      }),
      { numRuns: 25 },
    )
  })

  test('property: what is no command is told, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (name) => {
        fc.pre(!name.startsWith('-') && !/^[a-z]+$/.test(name))
        const { code, err } = await run([name])
        expect(code).toBe(2)
        expect(err).toMatch(/^Unknown command /)
      }),
      { numRuns: 50 },
    )
  })
})

describe('files with any bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          '"',
          ':',
          ',',
          '"v":1',
          '"__proto__"',
          '"services"',
          '"root"',
          'null',
          '-1',
          '1e999',
          'gitdir: ',
          '/tmp',
          '../',
          'ref: refs/heads/',
          '\n',
          '\0',
          '\uFEFF',
        ),
        { maxLength: 30 },
      )
      .map((parts) => Buffer.from(parts.join(''))),
  )

  test('property: git', () => {
    using root = tempRoot()
    const place = (...path: string[]): string => join(root.dir, ...path)
    mkdirSync(place('main/.git/worktrees/w'), { recursive: true })
    mkdirSync(place('linked'))
    fc.assert(
      fc.property(bytes, bytes, bytes, (dotGit, head, common) => {
        writeFileSync(place('linked/.git'), dotGit)
        readGitWorkTree(place('linked'))
        writeFileSync(place('linked/.git'), `gitdir: ${place('main/.git/worktrees/w')}\n`)
        writeFileSync(place('main/.git/worktrees/w/HEAD'), head)
        writeFileSync(place('main/.git/worktrees/w/commondir'), common)
        writeFileSync(place('main/.git/config'), common)
        const tree = readGitWorkTree(place('linked'))
        expect(tree?.branch ?? '').not.toMatch(/[\p{Cc}\s]/u)
        expect(findCheckout(place('linked')).dir).toBe(place('linked'))
      }),
    )
  })

  test.skipIf(process.platform === 'win32')(
    'pipes in the place of files hold nobody up',
    async () => {
      using root = tempRoot()
      for (const name of ['.git', 'package.json', 'pnpm-workspace.yaml', 'compose.yaml', '.env']) {
        execFileSync('/usr/bin/mkfifo', [join(root.dir, name)])
      }
      expect(findCheckout(root.dir).dir).toBe(root.dir)
      expect((await run(['compose', '-C', root.dir])).code).toBeGreaterThan(0)
      expect((await run(['env', '-C', root.dir])).code).toBeTypeOf('number')
    },
  )

  test('property: memory and order files', () => {
    using root = tempRoot()
    const stateDir = join(root.dir, 'state')
    const file = recordFile(root.dir, stateDir)
    const order = join(stateDir, 'orders', `${process.pid}-x.json`)
    mkdirSync(join(file, '..'), { recursive: true })
    mkdirSync(join(order, '..'), { recursive: true })
    fc.assert(
      fc.property(bytes, (content) => {
        writeFileSync(file, content, { mode: 0o600 })
        writeFileSync(order, content, { mode: 0o600 })
        const memory = new RootMemory({ stateDir, root: root.dir, checkout: root.dir }, Date.now)
        expect(memory.chosen().size).toBe(0)
        memory.claims('tcp')
        expect(readOrderFiles(stateDir)).toEqual([])
      }),
    )
  })

  test('property: config files, whole or cut off', async () => {
    using root = tempRoot()
    const whole =
      '{\n  "services": { "api": { "preferred": 3000, "command": "node \\u0061" } },\n  "env": true\n}\n'
    const cut = fc
      .tuple(fc.nat(whole.length), bytes)
      .map(([at, more]) => Buffer.concat([Buffer.from(whole.slice(0, at)), more]))
    const file = join(root.dir, 'ports.config.json')
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, bytes), async (content) => {
        writeFileSync(file, content)
        try {
          await loadOptions({ root: root.dir, given: undefined })
          JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
        } catch (error) {
          expect(error).toBeInstanceOf(PortsOptionError)
          expect((error as PortsOptionError).message).toMatch(/^ports\.config\.json[: ]/)
          expect((error as PortsOptionError).message).not.toMatch(
            /SyntaxError|TypeError|RangeError/,
          )
        }
      }),
    )
  })
})

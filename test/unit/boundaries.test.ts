import { execFileSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readText } from '../../src/utils/read-text.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

/** Every module of the package by its path, without comments. */
const sources = new Map(
  readdirSync(join(repo, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [
      name.replaceAll('\\', '/'),
      readFileSync(join(repo, 'src', name), 'utf8').replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*/g, ''),
    ]),
)

/** Modules in which `pattern` stands. */
const using = (pattern: RegExp): string[] =>
  [...sources].flatMap(([name, text]) => (pattern.test(text) ? [name] : [])).toSorted()

/** The paths of a table in the docs, by what its heading begins with. */
function documented(heading: string): string[] {
  const text = readFileSync(join(repo, 'docs/promises.md'), 'utf8')
  const section = text.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/`src\/([^`]+\.ts)`/g)].map(([, name = '']) => name)
}

describe('what is read from outside has a limit', () => {
  test('files: by readText, or by one of the few that say why not', () => {
    const others = [
      // The kernel's own tables; what others can put there has a length of its own.
      'lease/list.ts',
      'net/ephemeral.ts',
      'net/owners/foreground.ts',
      'net/owners/linux.ts',
      'utils/process-mark.ts',
      'child/signals.ts',
      'child/tree/linux.ts',
      // The package's own files.
      'cli.ts',
      'cli/commands/doctor.ts',
      'status/assets.ts',
      // A key or certificate that the user's config names.
      'bundlers/hmr-server.ts',
      // A function of that name, which reads what `readEnvFile` gives.
      'program/saved.ts',
    ]
    expect(using(/(?<!function )\breadFile(?:Sync)?\(|createReadStream/)).toEqual(others.toSorted())
  })

  test('sockets and outputs: each is in the docs with its limits', () => {
    const found = using(/\.on\('data'|\.once\('data'|for await|execFile\(/)
    const listed = new Set(documented('What is read from outside'))
    expect(found.filter((name) => !listed.has(name))).toEqual([])
    for (const name of listed) expect(sources.has(name), name).toBe(true)
  })

  test('a file that is too long, grows, or is none, is not read', () => {
    using root = tempRoot()
    const file = join(root.dir, 'file')
    writeFileSync(file, 'ä'.repeat(40_000))
    expect(readText(file, 80_000)).toBe('ä'.repeat(40_000))
    appendFileSync(file, 'x')
    expect(() => readText(file, 80_000)).toThrow(/it is larger than/)
    // Sparse: what it says of its size costs nobody a disk.
    truncateSync(file, 3 * 1024 ** 3)
    expect(() => readText(file)).toThrow('it is larger than 1 MiB')
    expect(() => readText(root.dir)).toThrow('it is a directory')
    expect(() => readText(join(root.dir, 'none'))).toThrow('ENOENT')
    writeFileSync(file, '')
    expect(readText(file)).toBe('')
  })

  test.runIf(process.platform === 'linux')('pipes, devices, and files that tell no size', () => {
    using root = tempRoot()
    const pipe = join(root.dir, 'pipe')
    execFileSync('/usr/bin/mkfifo', [pipe])
    expect(() => readText(pipe)).toThrow('it is not a regular file')
    expect(() => readText('/dev/zero')).toThrow('it is not a regular file')
    expect(readText('/proc/self/stat')).toMatch(/^\d+ \(/)
    expect(() => readText('/proc/self/maps', 100)).toThrow('it is larger than')
  })
})

describe('nothing that comes from outside is run', () => {
  test('no text is run as code', () => {
    expect(using(/\beval\(|new Function\b|node:vm|setTimeout\(['"`]/)).toEqual([])
    expect(using(/\bexec(?:Sync)?\(['"`]|child_process'\)?\.exec/)).toEqual([])
    // `exec` of a regular expression is another thing: only these functions are imported.
    const imported = [...sources.values()].flatMap(
      (text) => /import \{([^}]*)\} from 'node:child_process'/.exec(text)?.[1]?.split(',') ?? [],
    )
    const names = new Set(imported.map((name) => name.replace('type ', '').trim()).filter(Boolean))
    expect([...names].toSorted()).toEqual(['ChildProcess', 'StdioOptions', 'execFile', 'spawn'])
  })

  test('a shell is started for lines alone that the user wrote as commands', () => {
    const starting = new Set(using(/from 'node:child_process'/))
    const withShell = using(/\bshell\b|cmd\.exe|\/bin\/sh/).filter((name) => starting.has(name))
    expect(withShell).toEqual([
      // Its script is a constant, and gets a pid.
      'child/watchdog.ts',
      // The package manager on Windows, whose words are constants.
      'init/carry-out.ts',
    ])
    // What is started with words of the user's is put together in one place.
    expect(using(/\bshell: true/)).toEqual([
      'child/runtime.ts',
      'session/processes/command.ts',
      'test-runners/run-server.ts',
    ])
  })
})

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RootMemory } from '../../src/memory/root-memory.ts'
import { type Child, start } from '../_utils/children.ts'
import { recordFile, recordOf } from '../_utils/memory.ts'
import { startProgram } from '../_utils/program.ts'
import { freeRange } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

const posix = process.platform !== 'win32'
const superuser = process.getuid?.() === 0
const NOBODY = 65_534

/** What a run printed beside its ports; the service is had in any case. */
async function runIn(root: string, env: Record<string, string> = {}) {
  const [from, to] = await freeRange(20)
  await using program = startProgram(root, { services: { web: { range: [from, to] } } }, env)
  const { port } = (await program.got()).web ?? {}
  expect(port).toBeGreaterThanOrEqual(from)
  return warningsAtEndOf(program)
}

/** Ends it, so that all it has to say was said. */
async function warningsAtEndOf(program: Child): Promise<string[]> {
  await program.end('SIGTERM')
  return program.output().match(/PortsWarning: .*/g) ?? []
}

/** A root with a record, whose text is given to `harm` together with its file. */
async function harmed(harm: (file: string, text: string) => void) {
  const root = tempRoot()
  expect(await runIn(root.dir)).toEqual([])
  const file = recordFile(root.dir)
  harm(file, readFileSync(file, 'utf8'))
  return root
}

describe('what can be replaced is: one warning, and the next run is as usual', () => {
  const harms: [string, (file: string, text: string) => void][] = [
    ['truncated', (file) => truncateSync(file, 40)],
    ['empty', (file) => truncateSync(file, 0)],
    ['no JSON', (file) => writeFileSync(file, '{"v":1,')],
    ['bytes', (file) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 1, 2]))],
    ['another shape', (file) => writeFileSync(file, '[]')],
    ['huge', (file, text) => writeFileSync(file, text + ' '.repeat(70_000))],
    ['of another root', (file, text) => writeFileSync(file, text.replace(/"root": "/, '$&/else'))],
    ['of an older format', (file, text) => writeFileSync(file, text.replace('"v": 1', '"v": 0'))],
  ]
  test.each(harms)('%s', async (_name, harm) => {
    using root = await harmed(harm)
    const warnings = await runIn(root.dir)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('what was remembered')
    expect(warnings[0]).toContain(recordFile(root.dir))
    expect(recordOf(root.dir)?.root).toBe(root.dir)
    expect(await runIn(root.dir)).toEqual([])
  })
})

describe("what isn't ours is left alone: one warning, and nothing is remembered", () => {
  const harms: [string, RegExp, boolean, (file: string, text: string) => void][] = [
    [
      'newer',
      /newer version of unplugin-ports/,
      true,
      (file, text) => writeFileSync(file, text.replace('"v": 1', '"v": 2')),
    ],
    [
      'a directory',
      /is not a regular file/,
      true,
      (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    ],
    [
      'a pipe',
      /is not a regular file/,
      posix,
      (file) => {
        rmSync(file)
        execFileSync('/usr/bin/mkfifo', [file])
      },
    ],
    [
      'a symbolic link',
      /is a symbolic link/,
      posix,
      (file, text) => {
        rmSync(file)
        writeFileSync(`${file}.target`, text)
        symlinkSync(`${file}.target`, file)
      },
    ],
    [
      "another user's",
      /belongs to another user \(65534\)/,
      superuser,
      (file) => chownSync(file, NOBODY, NOBODY),
    ],
  ]
  for (const [name, words, possible, harm] of harms) {
    test.runIf(possible)(name, async () => {
      using root = await harmed(harm)
      const file = recordFile(root.dir)
      const look = () => [statSync(file).ino, statSync(file).isFile() && readFileSync(file, 'utf8')]
      const before = look()
      const warnings = await runIn(root.dir)
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toMatch(words)
      expect(warnings[0]).toContain('ports are not remembered')
      expect(look()).toEqual(before)
      rmSync(file, { recursive: true })
    })
  }
})

test('other roots’ damaged records claim nothing and cost nobody a word', async () => {
  using root = tempRoot()
  const roots = dirname(recordFile(root.dir))
  mkdirSync(join(roots, 'directory.json'), { recursive: true })
  writeFileSync(join(roots, 'damaged.json'), '{')
  writeFileSync(join(roots, 'newer.json'), '{"v":3}')
  writeFileSync(join(roots, 'notes.txt'), '')
  if (posix) execFileSync('/usr/bin/mkfifo', [join(roots, 'pipe.json')])
  expect(await runIn(root.dir)).toEqual([])
  const left = readdirSync(roots)
  for (const name of ['directory.json', 'damaged.json', 'newer.json', 'notes.txt']) {
    expect(left).toContain(name)
  }
  for (const name of left) if (!name.includes('-')) rmSync(join(roots, name), { recursive: true })
})

test('what a crash left of a write is cleared away, a write under way is not', async () => {
  using root = tempRoot()
  const roots = dirname(recordFile(root.dir))
  mkdirSync(roots, { recursive: true })
  const old = join(roots, 'shop-0123456789abcdef.tmp-0123456789abcdef.json')
  const fresh = old.replace('shop', 'new')
  for (const file of [old, fresh]) writeFileSync(file, '{')
  utimesSync(old, 1, 1)
  await runIn(root.dir)
  expect([old, fresh].map((file) => existsSync(file))).toEqual([false, true])
  rmSync(fresh)
})

test('a state directory that is a file, and one without a home', async () => {
  using root = tempRoot()
  root.write({ file: '' })
  const blocked = await runIn(root.dir, { PORTS_STATE_DIR: join(root.dir, 'file') })
  expect(blocked).toHaveLength(1)
  expect(blocked[0]).toContain('set PORTS_STATE_DIR to another directory')
  // Neither a home nor an entry in the user database: the temporary directory has to do.
  const homeless = { PORTS_STATE_DIR: '', XDG_STATE_HOME: '', HOME: '', TMPDIR: root.dir }
  expect(await runIn(root.dir, homeless)).toEqual([])
  const user = process.getuid?.() ?? 'state'
  expect(recordOf(root.dir, join(root.dir, `unplugin-ports-${user}`))?.root).toBe(root.dir)
  expect(existsSync(join(root.dir, '.local'))).toBe(false)
})

test.runIf(posix)('a state directory without permission', async () => {
  using root = tempRoot()
  using state = tempRoot()
  chmodSync(root.dir, 0o755)
  chmodSync(state.dir, 0o500)
  const [from, to] = await freeRange(2)
  const options = JSON.stringify({ services: { web: { range: [from, to] } } })
  const program = join(repo, 'test/fixtures/programs/reserve.mjs')
  await using child = start(process.execPath, [program, options], {
    cwd: root.dir,
    env: { PORTS_STATE_DIR: state.dir },
    // Permissions mean nothing to the superuser.
    ...(superuser && { uid: NOBODY, gid: NOBODY }),
  })
  await child.sees(/^got /m)
  const warnings = await warningsAtEndOf(child)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('permission denied')
})

const mountable = (() => {
  using probe = tempRoot()
  try {
    const words = ['-m', 'mount', '-t', 'tmpfs', 'none', probe.dir]
    execFileSync('unshare', words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test.runIf(mountable)('a full disk', async () => {
  using root = tempRoot()
  using disk = tempRoot()
  const [from, to] = await freeRange(2)
  const options = JSON.stringify({ services: { web: { range: [from, to] } } })
  const program = join(repo, 'test/fixtures/programs/reserve.mjs')
  const script =
    'mount -t tmpfs -o size=64k none "$0" && mkdir "$0/roots" && ' +
    '{ head -c 100000 /dev/zero > "$0/filler" 2>/dev/null; exec "$1" "$2" "$3"; }'
  const words = ['-m', 'sh', '-c', script, disk.dir, process.execPath, program, options]
  await using child = start('unshare', words, {
    cwd: root.dir,
    env: { PORTS_STATE_DIR: disk.dir },
  })
  await child.sees(/^got /m)
  const warnings = await warningsAtEndOf(child)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('the disk is full')
})

test('property: whatever stands in the file, memory answers and does not throw', () => {
  using root = tempRoot()
  const place = { stateDir: join(root.dir, 'state'), root: root.dir, checkout: root.dir }
  const file = recordFile(root.dir, place.stateDir)
  mkdirSync(dirname(file), { recursive: true })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      writeFileSync(file, bytes)
      const memory = new RootMemory(place, Date.now)
      expect([...memory.chosen()]).toEqual([])
      memory.remember([{ service: 'web', port: 3000, source: 'range', state: 'held' }])
      const again = new RootMemory(place, Date.now)
      expect([...again.chosen()]).toEqual([['web', 3000]])
    }),
  )
})

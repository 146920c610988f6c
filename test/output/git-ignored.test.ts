import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isGitIgnored } from '../../src/output/git-ignored.ts'

const posix = process.platform !== 'win32'
const patient = { timeoutMs: 30_000 }

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), 'git-ignored-'))
  // Nothing above the temp directory, and no settings of whoever runs the tests.
  vi.stubEnv('GIT_CEILING_DIRECTORIES', dir)
  vi.stubEnv('GIT_CONFIG_GLOBAL', join(dir, 'none'))
  vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

function repository(name: string, ignored: string): string {
  const root = join(dir, name)
  mkdirSync(join(root, 'packages', 'app'), { recursive: true })
  execFileSync('git', ['init', '-q', root])
  writeFileSync(join(root, '.gitignore'), ignored)
  return root
}

test('tells ignored from not ignored, also below the root and before the file exists', async () => {
  const root = repository('repo', '*.local\n')
  expect(await isGitIgnored(join(root, '.env.local'), patient)).toBe(true)
  expect(await isGitIgnored(join(root, 'packages', 'app', '.env.local'), patient)).toBe(true)
  expect(await isGitIgnored(join(root, '.env'), patient)).toBe(false)
})

test('a tracked file is not ignored', async () => {
  const root = repository('repo', '*.local\n')
  writeFileSync(join(root, '.env.local'), '')
  execFileSync('git', ['-C', root, 'add', '-f', '.env.local'])
  expect(await isGitIgnored(join(root, '.env.local'), patient)).toBe(false)
})

test('a name that looks like an option or a pattern is a name', async () => {
  const root = repository('repo', '--*\n')
  expect(await isGitIgnored(join(root, '--stdin'), patient)).toBe(true)
  expect(await isGitIgnored(join(root, '$(touch x) *'), patient)).toBe(false)
})

test('asks the repository of the file, whatever git is running for', async () => {
  const root = repository('repo', '*.local\n')
  vi.stubEnv('GIT_DIR', join(repository('other', ''), '.git'))
  vi.stubEnv('GIT_WORK_TREE', join(dir, 'other'))
  expect(await isGitIgnored(join(root, '.env.local'), patient)).toBe(true)
})

test('nobody can say outside a work tree, without a directory, or for an impossible path', async () => {
  mkdirSync(join(dir, 'plain'))
  writeFileSync(join(dir, 'plain', 'file'), '')
  expect(await isGitIgnored(join(dir, 'plain', '.env.local'), patient)).toBeUndefined()
  expect(await isGitIgnored(join(dir, 'missing', '.env.local'), patient)).toBeUndefined()
  expect(await isGitIgnored(join(dir, 'plain', 'file', '.env'), patient)).toBeUndefined()
  expect(await isGitIgnored(join(dir, 'plain', 'a\0b'), patient)).toBeUndefined()
})

test('nobody can say without git', async () => {
  const root = repository('repo', '*.local\n')
  vi.stubEnv('PATH', dir)
  expect(await isGitIgnored(join(root, '.env.local'), patient)).toBeUndefined()
})

test.runIf(posix)('a git that does not answer is killed', async () => {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const script = `#!/bin/sh\necho $$ > '${join(bin, 'pid')}'\nexec /bin/sleep 600\n`
  writeFileSync(join(bin, 'git'), script, { mode: 0o755 })
  vi.stubEnv('PATH', bin)
  expect(await isGitIgnored(join(dir, '.env.local'), { timeoutMs: 1000 })).toBeUndefined()
  const pid = Number(readFileSync(join(bin, 'pid'), 'utf8'))
  expect(pid).toBeGreaterThan(0)
  await vi.waitUntil(() => !isAlive(pid), { timeout: 10_000, interval: 10 })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

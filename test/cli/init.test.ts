import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { runCli, runJson } from '../_utils/cli.ts'
import { git, initRepo } from '../_utils/git.ts'
import { type TempRoot, tempRoot } from '../_utils/temp.ts'
import { startInTerminal } from '../_utils/terminal.ts'
import { STARTERS } from '../init/_starters.ts'

const MANIFEST =
  '{\n  "name": "shop",\n  "type": "module",\n  "scripts": {\n    "dev": "vite"\n  }\n}\n'
const { file, text } = STARTERS.vite

function starter(files: Record<string, string> = {}): TempRoot {
  const root = tempRoot()
  root.write({ 'package.json': MANIFEST, [file]: text, ...files })
  return root
}

const read = (root: TempRoot, name: string): string => readFileSync(join(root.dir, name), 'utf8')

describe('ports init', () => {
  test('shows the change, writes it with --yes, and finds it the next time', async () => {
    using root = starter()
    initRepo(root.dir)
    chmodSync(join(root.dir, file), 0o640)
    const dry = await runCli(['init', '--dry-run'], { cwd: root.dir })
    expect(dry).toMatchObject({ code: EXIT.ok, stderr: '' })
    expect(dry.stdout).toContain("+import ports from 'unplugin-ports/vite'")
    expect(dry.stdout).toContain('+  plugins: [vue(), ports()],')
    expect(dry.stdout).toContain('+.env.local')
    expect(dry.stdout).toContain('npm install -D unplugin-ports')
    expect(read(root, file)).toBe(text)
    expect(existsSync(join(root.dir, '.gitignore'))).toBe(false)

    const done = await runCli(['init', '-y'], { cwd: root.dir })
    expect(done).toMatchObject({ code: EXIT.ok, stderr: '' })
    expect(done.stdout).toContain('Written.')
    expect(read(root, file)).toContain('plugins: [vue(), ports()],')
    expect(statSync(join(root.dir, file)).mode & 0o777).toBe(0o640)
    expect(read(root, '.gitignore')).toBe('.env.local\n')
    expect(read(root, 'package.json')).toBe(MANIFEST)
    expect(git(root.dir, 'status', '--porcelain').split('\n')).toHaveLength(2)

    const again = await runCli(['init', '--yes'], { cwd: root.dir })
    expect(again).toMatchObject({ code: EXIT.ok, stderr: `${file} has the plugin already.\n` })
    expect(git(root.dir, 'status', '--porcelain').split('\n')).toHaveLength(2)
  })

  test('without a terminal nobody is asked and nothing is written', async () => {
    using root = starter()
    const { code, stderr } = await runCli(['init'], { cwd: root.dir })
    expect(code).toBe(EXIT.refused)
    expect(stderr).toContain('--yes agrees to it')
    expect(read(root, file)).toBe(text)
  })

  test('on a terminal it asks', async () => {
    using root = starter()
    const say = async (key: string): Promise<number | null> => {
      await using terminal = startInTerminal(['init'], { cwd: root.dir, env: { CI: '' } })
      await terminal.sees(/Write this\?/)
      terminal.type(key)
      return (await terminal.ended).code
    }
    expect(await say('n')).toBe(EXIT.refused)
    expect(read(root, file)).toBe(text)
    expect(await say('y')).toBe(EXIT.ok)
    expect(read(root, file)).toContain('ports()')
  })

  test('what it can’t change it leaves, and says what to paste', async () => {
    using root = starter({ [file]: 'export default withMagic({ plugins: [] })\n' })
    const { code, stdout, stderr } = await runCli(['init', '--yes'], { cwd: root.dir })
    expect(code).toBe(EXIT.failed)
    expect(stderr).toContain(`${file} is not changed: its config is what withMagic() returns.`)
    expect(stdout).toContain("import ports from 'unplugin-ports/vite'\n\nplugins: [ports()]\n")
    expect(read(root, file)).toBe('export default withMagic({ plugins: [] })\n')
  })

  test('a project without a config gets one, and a script', async () => {
    using root = tempRoot()
    root.write({
      'package.json': '{\n  "name": "shop",\n  "devDependencies": { "vite": "^8.0.0" }\n}\n',
      'index.html': '<h1>shop</h1>',
    })
    const answer = await runJson<{ result: string; files: { path: string; created: boolean }[] }>(
      ['init', '--yes'],
      { cwd: root.dir },
    )
    const path = join(root.dir, 'vite.config.mjs')
    expect(answer).toMatchObject({
      code: EXIT.ok,
      result: 'written',
      files: [{ path, created: true }, { created: false }],
    })
    expect(read(root, 'vite.config.mjs')).toContain('plugins: [ports()],')
    expect(JSON.parse(read(root, 'package.json'))).toMatchObject({ scripts: { dev: 'vite' } })
  })

  test('a script is added where there is none, JSON stays as it is otherwise', async () => {
    const before =
      '{\n\t"name": "shop",\n\t"scripts": {\n\t\t"test": "vitest"\n\t},\n\t"files": ["a", "b"]\n}\n'
    using root = starter({ 'package.json': before })
    expect((await runCli(['init', '--yes'], { cwd: root.dir })).code).toBe(EXIT.ok)
    expect(read(root, 'package.json')).toBe(
      before.replace('"vitest"\n', '"vitest",\n\t\t"dev": "vite"\n'),
    )
  })

  test('the rule of another .gitignore and of ports.config counts', async () => {
    using root = starter({
      '.gitignore': 'dist',
      'ports.config.json': '{ "env": { "file": ".env.ports" } }',
    })
    initRepo(root.dir)
    await runCli(['init', '--yes'], { cwd: root.dir })
    expect(read(root, '.gitignore')).toBe('dist\n.env.ports\n')
    using ignored = starter({ '.gitignore': '*.local\n' })
    initRepo(ignored.dir)
    await runCli(['init', '--yes'], { cwd: ignored.dir })
    expect(read(ignored, '.gitignore')).toBe('*.local\n')
  })

  test('an env file that git tracks is told of', async () => {
    using root = starter({ '.gitignore': '.env.local\n' })
    writeFileSync(join(root.dir, '.env.local'), 'A=1\n')
    git(root.dir, 'init')
    git(root.dir, 'add', '-f', '.env.local')
    const { stderr } = await runCli(['init', '--yes'], { cwd: root.dir })
    expect(stderr).toContain('git rm --cached .env.local')
    expect(read(root, '.gitignore')).toBe('.env.local\n')
  })

  test('several bundlers: one must be named', async () => {
    using root = starter({ 'webpack.config.js': STARTERS.webpack.text })
    const { code, stderr } = await runCli(['init', '--yes'], { cwd: root.dir })
    expect(code).toBe(EXIT.failed)
    expect(stderr).toContain('say which one, as in `ports init vite.config.js`')
    expect((await runCli(['init', 'webpack.config.js', '-y'], { cwd: root.dir })).code).toBe(
      EXIT.ok,
    )
    expect(read(root, 'webpack.config.js')).toContain('unplugin-ports/webpack')
    expect(read(root, file)).toBe(text)
  })

  test.each([
    ['next', 'ports run --name web next dev'],
    ['nuxt', 'ports run --name web nuxt dev'],
    ['astro', 'ports run --name web astro dev --port {port}'],
    ['electron-vite', 'renderer.plugins'],
  ])('%s has a recipe', async (name, advice) => {
    using root = tempRoot()
    root.write({ 'package.json': JSON.stringify({ dependencies: { [name]: '1', vite: '8' } }) })
    const { code, stdout } = await runCli(['init', '--yes'], { cwd: root.dir })
    expect({ code, stdout }).toEqual({ code: EXIT.failed, stdout: expect.stringContaining(advice) })
  })

  test.each([
    ['pnpm-lock.yaml', 'pnpm add -D unplugin-ports'],
    ['yarn.lock', 'yarn add -D unplugin-ports'],
    ['bun.lock', 'bun add -d unplugin-ports'],
    ['package-lock.json', 'npm install -D unplugin-ports'],
  ])('%s decides how it is installed', async (lockfile, command) => {
    using root = starter({ [lockfile]: '' })
    const { stdout } = await runCli(['init', '--dry-run'], { cwd: root.dir })
    expect(stdout).toContain(`Then install it: ${command}\n`)
  })

  test('--install runs the package manager first; when it fails nothing is changed', async () => {
    using root = starter({ 'pnpm-lock.yaml': '' })
    const bin = join(root.dir, 'bin')
    const fake = (exit: number): void => {
      root.write({ 'bin/pnpm': `#!/bin/sh\necho "$@" > installed\nexit ${exit}\n` })
      chmodSync(join(bin, 'pnpm'), 0o755)
    }
    const env = { PATH: `${bin}:${process.env.PATH}` }
    fake(1)
    const failed = await runCli(['init', '--yes', '--install'], { cwd: root.dir, env })
    expect(failed.code).toBe(EXIT.failed)
    expect(failed.stderr).toContain('`pnpm add -D unplugin-ports` failed')
    expect(read(root, file)).toBe(text)
    fake(0)
    expect((await runCli(['init', '--yes', '--install'], { cwd: root.dir, env })).code).toBe(
      EXIT.ok,
    )
    expect(read(root, 'installed')).toBe('add -D unplugin-ports\n')
    expect(read(root, file)).toContain('ports()')
  })

  test('an empty directory', async () => {
    using root = tempRoot()
    const answer = await runJson<{ result: string; why: string }>(['init'], { cwd: root.dir })
    expect(answer).toMatchObject({ code: EXIT.failed, result: 'unknown' })
    expect(answer.why).toContain('ports run')
  })
})

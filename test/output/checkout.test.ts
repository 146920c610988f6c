import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { findCheckout, isInside } from '../../src/utils/checkout.ts'
import { git, initRepo } from '../_utils/git.ts'

let root: string

beforeEach(() => {
  root = realpathSync.native(mkdtempSync(join(tmpdir(), 'ports-checkout-')))
  const created = root
  onTestFinished(() => rmSync(created, { recursive: true, force: true }))
})

/** A repository with one commit on `main`. */
function createRepo(...path: string[]): string {
  const dir = createDir(...path)
  initRepo(dir)
  return dir
}

function createDir(...path: string[]): string {
  const dir = join(root, ...path)
  mkdirSync(dir, { recursive: true })
  return dir
}

function write(path: string, text: string): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

describe('git', () => {
  it('finds the work tree from any directory in it', () => {
    const shop = createRepo('shop')
    const deep = createDir('shop', 'packages', 'web', 'src')
    const expected = { dir: shop, kind: 'git', branch: 'main' }
    expect(findCheckout(shop)).toEqual(expected)
    expect(findCheckout(deep)).toEqual(expected)
  })

  it('prefers git to workspaces and packages inside', () => {
    const shop = createRepo('shop')
    write('shop/packages/web/package.json', '{ "workspaces": ["*"] }')
    expect(findCheckout(join(shop, 'packages/web')).dir).toBe(shop)
  })

  it('reads branches with slashes, an unborn one, and a detached HEAD', () => {
    const shop = createRepo('shop')
    git(shop, 'checkout', '-b', 'feature/x-1')
    expect(findCheckout(shop).branch).toBe('feature/x-1')
    git(shop, 'checkout', '--orphan', 'unborn')
    expect(findCheckout(shop).branch).toBe('unborn')
    git(shop, 'checkout', '--detach', 'main')
    expect(findCheckout(shop).branch).toBe(git(shop, 'rev-parse', 'HEAD').slice(0, 7))
  })

  it('tells a linked worktree from the main one, beside it or nested in it', () => {
    const shop = createRepo('shop')
    git(shop, 'worktree', 'add', '-b', 'beside', '../shop-beside')
    git(shop, 'worktree', 'add', '-b', 'fix/nested', '.worktrees/x')
    const nestedSrc = createDir('shop', '.worktrees', 'x', 'src')
    expect(findCheckout(join(root, 'shop-beside'))).toEqual({
      dir: join(root, 'shop-beside'),
      kind: 'worktree',
      branch: 'beside',
      main: shop,
      gitDir: join(shop, '.git/worktrees/shop-beside'),
    })
    expect(findCheckout(nestedSrc)).toEqual({
      dir: join(shop, '.worktrees', 'x'),
      kind: 'worktree',
      branch: 'fix/nested',
      main: shop,
      gitDir: join(shop, '.git/worktrees/x'),
    })
    expect(findCheckout(join(shop, '.worktrees'))).toEqual({
      dir: shop,
      kind: 'git',
      branch: 'main',
    })
  })

  it('knows no main work tree beside a bare repository', () => {
    const origin = createRepo('origin')
    for (const bareDir of ['a/.bare', 'b/.git']) {
      git(root, 'clone', '--bare', origin, bareDir)
      git(join(root, bareDir), 'worktree', 'add', '../work', 'main')
      const work = join(root, dirname(bareDir), 'work')
      expect(findCheckout(work)).toEqual({
        dir: work,
        kind: 'worktree',
        branch: 'main',
        gitDir: join(root, bareDir, 'worktrees/work'),
      })
    }
  })

  it('still sees a worktree whose repository is out of reach, as in a container', () => {
    write('work/.git', 'gitdir: /host/shop/.git/worktrees/work\n')
    expect(findCheckout(join(root, 'work'))).toEqual({
      dir: join(root, 'work'),
      kind: 'worktree',
      gitDir: '/host/shop/.git/worktrees/work',
    })
  })

  it('counts a submodule to the tree around it', () => {
    const shop = createRepo('shop')
    const library = createRepo('library')
    cpSync(join(library, '.git'), join(shop, '.git/modules/vendor/library'), { recursive: true })
    write('shop/vendor/library/.git', 'gitdir: ../../.git/modules/vendor/library\n')
    write('shop/vendor/library/package.json', '{}')
    const submodule = join(shop, 'vendor/library')
    expect(git(submodule, 'rev-parse', '--absolute-git-dir')).toContain('modules')
    expect(findCheckout(submodule)).toEqual({ dir: shop, kind: 'git', branch: 'main' })
  })

  it('counts a submodule of a linked worktree to that worktree', () => {
    const shop = createRepo('shop')
    git(shop, 'worktree', 'add', '-b', 'beside', '../beside')
    mkdirSync(join(shop, '.git/worktrees/beside/modules/library'), { recursive: true })
    write('beside/library/.git', `gitdir: ${shop}/.git/worktrees/beside/modules/library\n`)
    expect(findCheckout(join(root, 'beside/library'))).toMatchObject({
      dir: join(root, 'beside'),
      branch: 'beside',
    })
  })

  it('follows a git directory that lies elsewhere', () => {
    const shop = createDir('shop')
    git(shop, 'init', '--separate-git-dir', join(root, 'elsewhere.git'))
    expect(findCheckout(shop)).toEqual({ dir: shop, kind: 'git', branch: 'main' })
  })

  it('keeps two repositories apart, one inside the other', () => {
    createRepo('outer')
    const inner = createRepo('outer', 'inner')
    expect(findCheckout(inner).dir).toBe(inner)
  })

  it.each([
    ['is empty', ''],
    ['is no such file', 'hello\n'],
    ['is binary', '\0\u0001\u0002gitdir:'],
    ['is huge', 'x'.repeat(1_000_000)],
    ['names nothing', 'gitdir: \n'],
  ])('passes over a .git file that %s', (_, text) => {
    write('shop/.git', text)
    write('shop/package.json', '{}')
    expect(findCheckout(join(root, 'shop'))).toEqual({ dir: join(root, 'shop'), kind: 'package' })
  })

  it('passes over an empty .git directory, and a link that leads to itself', () => {
    const shop = createRepo('shop')
    const empty = createDir('shop', 'empty')
    mkdirSync(join(empty, '.git'))
    expect(findCheckout(empty).dir).toBe(shop)
    const loop = createDir('shop', 'loop')
    symlinkSync('.git', join(loop, '.git'))
    expect(findCheckout(loop).dir).toBe(shop)
  })

  it.each(['', 'nonsense', 'ref: ', 'ref: refs/heads/a\u001B[31mb', 'ref: refs/heads/.invalid'])(
    'names no branch when HEAD says %j',
    (head) => {
      write('shop/.git/HEAD', head)
      expect(findCheckout(join(root, 'shop'))).toEqual({ dir: join(root, 'shop'), kind: 'git' })
    },
  )

  it.skipIf(process.platform === 'win32')('does not wait for a pipe in the place of HEAD', () => {
    createDir('shop', '.git')
    execFileSync('/usr/bin/mkfifo', [join(root, 'shop/.git/HEAD')])
    expect(findCheckout(join(root, 'shop')).kind).toBe('directory')
  })
})

// The temp directory lies in no checkout of its own on any machine these tests are meant for.
describe('without git', () => {
  it.each([
    ['pnpm-workspace.yaml', 'packages: []\n'],
    ['package.json', '{ "workspaces": ["packages/*"] }'],
    ['package.json', '{ "workspaces": { "packages": ["packages/*"] } }'],
  ])('finds the workspace root by %s', (name, text) => {
    write(`shop/${name}`, text)
    write('shop/packages/web/package.json', '{}')
    const web = join(root, 'shop/packages/web')
    expect(findCheckout(web)).toEqual({ dir: join(root, 'shop'), kind: 'workspace' })
  })

  it('takes the nearest workspace root, else the nearest package', () => {
    write('package.json', '{}')
    write('outer/package.json', '{ "workspaces": ["inner"] }')
    write('outer/inner/package.json', '{ "workspaces": ["*"] }')
    write('outer/inner/a/package.json', '{}')
    expect(findCheckout(join(root, 'outer/inner/a')).dir).toBe(join(root, 'outer/inner'))
    const alone = createDir('alone', 'src')
    expect(findCheckout(alone)).toEqual({ dir: root, kind: 'package' })
  })

  it.each(['', '{', 'null', '[]', '"workspaces"', '{ "workspaces": null }'])(
    'takes a package.json with %j for a package',
    (text) => {
      write('shop/package.json', text)
      expect(findCheckout(join(root, 'shop')).kind).toBe('package')
    },
  )

  it('returns the directory itself when nothing is around it', () => {
    const plain = createDir('plain')
    expect(findCheckout(plain)).toEqual({ dir: plain, kind: 'directory' })
  })

  it('returns what does not exist as it is', () => {
    for (const dir of [join(root, 'nowhere'), '', '\0']) {
      expect(findCheckout(dir)).toEqual({ dir, kind: 'directory' })
    }
  })

  it('takes a file for the directory that it is in', () => {
    const shop = createRepo('shop')
    appendFileSync(join(shop, 'api.js'), '')
    expect(findCheckout(join(shop, 'api.js')).dir).toBe(shop)
  })
})

it('gives one answer for two spellings of a directory', () => {
  const shop = createRepo('shop')
  symlinkSync(shop, join(root, 'link'), 'junction')
  expect(findCheckout(join(root, 'link'))).toEqual(findCheckout(shop))
  expect(findCheckout(`${shop}${sep}.${sep}`)).toEqual(findCheckout(shop))
})

it.each([
  ['a/b', 'a/b', true],
  ['a/b/', 'a/b', true],
  ['a/b/c', 'a/b', true],
  ['a/b/..c', 'a/b', true],
  ['a/b/c', '/', true],
  ['a/bc', 'a/b', false],
  ['a', 'a/b', false],
  ['a/b/../c', 'a/b', false],
])('isInside(%j, %j) is %j', (child, parent, expected) => {
  expect(isInside(join(sep, child), join(sep, parent))).toBe(expected)
})

import { execFileSync } from 'node:child_process'
import { devNull } from 'node:os'

/** Runs git with nobody's configuration and hooks in effect, and gives what it said. */
export function git(cwd: string, ...args: string[]): string {
  const settings = [
    'user.name=Ada',
    'user.email=ada@example.test',
    'init.defaultBranch=main',
    'protocol.file.allow=always',
  ]
  return execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

/** Makes `dir` a repository with everything in it committed on `main`. */
export function initRepo(dir: string): void {
  git(dir, 'init')
  git(dir, 'add', '.')
  git(dir, 'commit', '--allow-empty', '-m', 'first')
}

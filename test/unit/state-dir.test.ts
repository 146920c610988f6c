import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { stateDirectory } from '../../src/utils/state-dir.ts'

afterEach(() => vi.unstubAllEnvs())

test("the platform's state directory, unless a variable says otherwise", () => {
  const local = 'C:\\Users\\Ada\\AppData\\Local'
  expect(stateDirectory({ PORTS_STATE_DIR: '/state' }, 'darwin')).toBe('/state')
  expect(stateDirectory({ XDG_STATE_HOME: '/xdg' }, 'linux')).toBe('/xdg/unplugin-ports')
  expect(stateDirectory({ LOCALAPPDATA: local }, 'win32')).toBe(`${local}\\unplugin-ports`)
})

test.skipIf(process.platform === 'win32')('below the home directory by default', () => {
  const home = homedir()
  expect(stateDirectory({}, 'linux')).toBe(join(home, '.local/state/unplugin-ports'))
  expect(stateDirectory({}, 'darwin')).toBe(
    join(home, 'Library/Application Support/unplugin-ports'),
  )
  // A relative path would be another place in every working directory.
  expect(stateDirectory({ XDG_STATE_HOME: 'state' }, 'linux')).toBe(
    join(home, '.local/state/unplugin-ports'),
  )
})

test.skipIf(process.platform === 'win32')('without a home, a directory of this user alone', () => {
  vi.stubEnv('HOME', '')
  expect(stateDirectory({}, 'linux')).toBe(
    join(tmpdir(), `unplugin-ports-${process.getuid?.() ?? ''}`),
  )
})

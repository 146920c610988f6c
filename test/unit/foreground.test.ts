import { expect, test } from 'vitest'
import { isForeground } from '../../src/net/owners/foreground.ts'

const noTool = () => Promise.reject(new Error('not needed'))
const noFile = () => {
  throw new Error('ENOENT')
}

// As Linux writes it: pid, name, state, parent, group, session, terminal, the terminal's group.
test.each([
  [true, '4121 (node (a) b) S 4000 4121 4000 34816 4121 4194304 1 2 3'],
  [false, '4121 (node) S 4000 4121 4000 34816 4000 4194304 1 2 3'],
  [false, '4121 (node) S 4000 4121 4000 0 -1 4194304 1 2 3'],
])('linux: %s for %s', async (expected, stat) => {
  expect(await isForeground({ pid: 4121, platform: 'linux' }, () => stat, noTool)).toBe(expected)
})

test('linux: a process that hides its files is left alone', async () => {
  expect(await isForeground({ pid: 1, platform: 'linux' }, noFile, noTool)).toBe(false)
})

test.each([
  [true, 'S+\n'],
  [true, 'Rs+ \n'],
  [false, 'T\n'],
  [false, undefined],
])('macOS: %s for ps saying %j', async (expected, said) => {
  const asked: unknown[] = []
  const run = async (file: string, args: readonly string[]) => {
    asked.push([file, ...args])
    return said
  }
  expect(await isForeground({ pid: 77, platform: 'darwin' }, noFile, run)).toBe(expected)
  expect(asked).toEqual([['ps', '-o', 'stat=', '-p', '77']])
})

test('Windows has no such thing', async () => {
  expect(await isForeground({ pid: 1, platform: 'win32' }, noFile, noTool)).toBe(true)
})

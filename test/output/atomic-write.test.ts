import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomicSync } from '../../src/utils/atomic-write.ts'

const posix = process.platform !== 'win32'
const bytes = (text: string) => Buffer.from(text)

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), 'atomic-write-'))
  file = join(dir, 'file.txt')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('creates with the mode asked for, and replaces with the mode found', () => {
  expect(writeFileAtomicSync(file, bytes('one'), { mode: 0o600 })).toBe(true)
  if (posix) expect(statSync(file).mode & 0o7777).toBe(0o600)
  expect(writeFileAtomicSync(file, bytes('two'), { mode: 0o666 })).toBe(true)
  if (posix) expect(statSync(file).mode & 0o7777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(readdirSync(dir)).toEqual(['file.txt'])
})

test('whoever has the old file open keeps the old content', () => {
  writeFileSync(file, 'old')
  linkSync(file, join(dir, 'other-name'))
  writeFileAtomicSync(file, bytes('new'))
  expect(readFileSync(join(dir, 'other-name'), 'utf8')).toBe('old')
  expect(readFileSync(file, 'utf8')).toBe('new')
})

test.runIf(posix && process.getuid?.() === 0)('keeps the owner', () => {
  writeFileSync(file, 'old')
  chownSync(file, 12_345, 23_456)
  writeFileAtomicSync(file, bytes('new'))
  expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 23_456 })
})

test('asks last, with the new content ready beside the file, which has the same extension', () => {
  writeFileSync(file, 'old')
  let beside: string[] = []
  const mayReplace = () => {
    beside = readdirSync(dir).filter((name) => name !== 'file.txt')
    return false
  }
  expect(writeFileAtomicSync(file, bytes('new'), { mayReplace })).toBe(false)
  expect(beside).toEqual([expect.stringMatching(/^file\.tmp-[\da-f]{16}\.txt$/)])
  expect(readFileSync(file, 'utf8')).toBe('old')
  expect(readdirSync(dir)).toEqual(['file.txt'])
})

test('removes the temporary file when the rename fails', () => {
  const options = { mayReplace: () => mkdirSync(file) === undefined }
  expect(() => writeFileAtomicSync(file, bytes('new'), options)).toThrow()
  expect(statSync(file).isDirectory()).toBe(true)
  expect(readdirSync(dir)).toEqual(['file.txt'])
})

test('removes the temporary file when the caller throws', () => {
  const options = { mayReplace: () => expect.fail('no') }
  expect(() => writeFileAtomicSync(file, bytes('new'), options)).toThrow('no')
  expect(readdirSync(dir)).toEqual([])
})

test('does not replace what is no regular file', () => {
  mkdirSync(file)
  expect(() => writeFileAtomicSync(file, bytes('new'))).toThrow('not a regular file')
  expect(readdirSync(dir)).toEqual(['file.txt'])
})

test.runIf(posix)('follows links through linked directories, to a file still to come', () => {
  mkdirSync(join(dir, 'real', 'deep'), { recursive: true })
  symlinkSync('real/deep', join(dir, 'link'))
  // Seen from the real directory, as the system does: `link/..` is `real`.
  symlinkSync('../target.txt', join(dir, 'real', 'deep', 'file.txt'))
  writeFileAtomicSync(join(dir, 'link', 'file.txt'), bytes('new'))
  expect(readFileSync(join(dir, 'real', 'target.txt'), 'utf8')).toBe('new')
  expect(existsSync(join(dir, 'target.txt'))).toBe(false)
  expect(readdirSync(join(dir, 'real')).toSorted()).toEqual(['deep', 'target.txt'])
})

test.runIf(posix)('links in circles are an ELOOP', () => {
  symlinkSync('b', join(dir, 'a'))
  symlinkSync('a', join(dir, 'b'))
  expect(() => writeFileAtomicSync(join(dir, 'a'), bytes(''))).toThrow(
    expect.objectContaining({ code: 'ELOOP' }),
  )
})

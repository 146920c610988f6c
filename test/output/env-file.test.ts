import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvBlock, replaceEnvBlock } from '../../src/output/env-block.ts'
import { readEnvText, updateEnvFile } from '../../src/output/env-file.ts'

const none = new Map<string, string>()
const ports = new Map([['API_PORT', '3001']])
const block = replaceEnvBlock('', ports)
const posix = process.platform !== 'win32'

const withB = (current: ReadonlyMap<string, string>) => new Map([...current, ['B_PORT', '4000']])

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), 'env-file-'))
  file = join(dir, '.env.local')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('updateEnvFile', () => {
  test('creates, leaves alone, updates, empties', () => {
    expect(updateEnvFile(file, () => ports)).toMatchObject({ status: 'created', firstBlock: true })
    expect(readFileSync(file, 'latin1')).toBe(block)

    const { ino, mtimeNs } = statSync(file, { bigint: true })
    expect(updateEnvFile(file, (current) => current)).toEqual({
      status: 'unchanged',
      firstBlock: false,
    })
    expect(statSync(file, { bigint: true })).toMatchObject({ ino, mtimeNs })

    expect(updateEnvFile(file, withB)).toMatchObject({ status: 'updated', firstBlock: false })
    expect(readEnvBlock(readFileSync(file, 'latin1'))).toEqual(withB(ports))

    expect(updateEnvFile(file, () => none)).toMatchObject({ status: 'updated', firstBlock: false })
    expect(readFileSync(file, 'latin1')).toBe('')
    expect(readdirSync(dir)).toEqual(['.env.local'])
  })

  test("keeps the user's bytes", () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x41, 0x3d, 0xff, 0xc3, 0x0d, 0x0a, 0x42, 0x80])
    writeFileSync(file, bytes)
    expect(updateEnvFile(file, () => ports)).toMatchObject({ status: 'updated', firstBlock: true })
    expect(readFileSync(file).subarray(0, bytes.length)).toEqual(bytes)
    expect(updateEnvFile(file, () => none).status).toBe('updated')
    expect(readFileSync(file)).toEqual(bytes)
  })

  test('creates nothing for no variables', () => {
    expect(updateEnvFile(file, () => none)).toEqual({ status: 'unchanged', firstBlock: false })
    expect(updateEnvFile(join(dir, 'missing', '.env'), () => none).status).toBe('unchanged')
    expect(readdirSync(dir)).toEqual([])
  })

  test('lets a value that needs quotes through as the error it is', () => {
    expect(() => updateEnvFile(file, () => new Map([['A', 'x y']]))).toThrow(TypeError)
    expect(existsSync(file)).toBe(false)
  })

  test.runIf(posix)('keeps the mode', () => {
    writeFileSync(file, 'A=1\n')
    chmodSync(file, 0o640)
    updateEnvFile(file, () => ports)
    expect(statSync(file).mode & 0o7777).toBe(0o640)
  })

  test.runIf(posix)('keeps a symbolic link and writes its target', () => {
    mkdirSync(join(dir, 'shared'))
    const target = join(dir, 'shared', 'env')
    writeFileSync(target, 'A=1\n')
    symlinkSync('shared/env', file)
    expect(updateEnvFile(file, () => ports).status).toBe('updated')
    expect(readlinkSync(file)).toBe('shared/env')
    expect(readFileSync(target, 'latin1')).toBe(`A=1\n${block}`)
    expect(readdirSync(join(dir, 'shared'))).toEqual(['env'])
  })

  test.runIf(posix)('creates what a symbolic link points to', () => {
    symlinkSync('later.env', file)
    expect(updateEnvFile(file, () => ports)).toMatchObject({ status: 'created', firstBlock: true })
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(dir, 'later.env'), 'latin1')).toBe(block)
  })
})

describe('a file that changes meanwhile', () => {
  test('is read again', () => {
    writeFileSync(file, 'A=1\n')
    let calls = 0
    const result = updateEnvFile(file, () => {
      // Same length, and mostly within one tick of the file system's clock.
      if (calls++ === 0) writeFileSync(file, 'A=2\n')
      return ports
    })
    expect(result).toMatchObject({ status: 'updated', firstBlock: true })
    expect(calls).toBe(2)
    expect(readFileSync(file, 'latin1')).toBe(`A=2\n${block}`)
  })

  test('is not overwritten when it appears only then', () => {
    const result = updateEnvFile(file, () => {
      if (!existsSync(file)) writeFileSync(file, 'A=1\n')
      return ports
    })
    expect(result).toMatchObject({ status: 'updated', firstBlock: true })
    expect(readFileSync(file, 'latin1')).toBe(`A=1\n${block}`)
  })

  test('is left alone when it never stops', () => {
    let calls = 0
    const result = updateEnvFile(file, () => {
      appendFileSync(file, `A=${calls++}\n`)
      return ports
    })
    expect(result).toEqual({
      status: 'refused',
      firstBlock: false,
      reason: 'other programs keep changing it',
    })
    expect(readFileSync(file, 'latin1')).toBe(
      Array.from({ length: calls }, (_, i) => `A=${i}\n`).join(''),
    )
    expect(readdirSync(dir)).toEqual(['.env.local'])
  })
})

describe('refusals', () => {
  test('a read-only file, unless it is right already', () => {
    writeFileSync(file, 'A=1\n')
    chmodSync(file, 0o444)
    expect(refusal()).toBe('it is read-only')
    expect(readFileSync(file, 'latin1')).toBe('A=1\n')
    expect(updateEnvFile(file, () => none).status).toBe('unchanged')
    expect(readEnvText(file)).toBe('A=1\n')
  })

  test('a missing directory, which stays missing', () => {
    expect(refusal(join(dir, 'missing', '.env'))).toBe('its directory does not exist')
    writeFileSync(file, '')
    expect(refusal(join(file, '.env'))).toBe('its directory does not exist')
    expect(readdirSync(dir)).toEqual(['.env.local'])
  })

  test('a directory', () => {
    mkdirSync(file)
    expect(refusal()).toBe('it is a directory')
    expect(readEnvText(file)).toBeUndefined()
  })

  test.for([
    ['a little-endian BOM', [0xff, 0xfe, 0x41, 0x00]],
    ['a big-endian BOM', [0xfe, 0xff]],
    ['NUL bytes', [0x41, 0x00, 0x3d, 0x00]],
  ] as const)('UTF-16 by %s', ([, bytes]) => {
    writeFileSync(file, Buffer.from(bytes))
    expect(refusal()).toBe('it looks like UTF-16')
    expect(readFileSync(file)).toEqual(Buffer.from(bytes))
    expect(readEnvText(file)).toBeUndefined()
  })

  test('more than 1 MiB', () => {
    writeFileSync(file, '#'.repeat(1024 * 1024 + 1))
    expect(refusal()).toBe('it is larger than 1 MiB')
    writeFileSync(file, '#'.repeat(1024 * 1024))
    expect(updateEnvFile(file, () => ports).status).toBe('updated')
  })

  test.runIf(posix)('a pipe, without waiting for its other end', () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', file])
    expect(refusal()).toBe('it is not a regular file')
    expect(lstatSync(file).isFIFO()).toBe(true)
    expect(readEnvText(file)).toBeUndefined()
  })

  test.runIf(posix)('a device', () => {
    expect(refusal('/dev/null')).toBe('it is not a regular file')
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  test.runIf(posix)('links in circles', () => {
    symlinkSync('b', join(dir, 'a'))
    symlinkSync('a', join(dir, 'b'))
    expect(refusal(join(dir, 'a'))).toBe('its symbolic links go in circles')
  })

  test.runIf(posix)('an unknown error is told with its code', () => {
    expect(refusal(join(dir, 'x'.repeat(300)))).toMatch(/^ENAMETOOLONG: /)
  })
})

describe('readEnvText', () => {
  test('gives every byte as a character, and undefined without a file', () => {
    expect(readEnvText(file)).toBeUndefined()
    writeFileSync(file, Buffer.from([0x41, 0xff, 0xc3, 0xa9]))
    expect(readEnvText(file)).toBe('A\u00ff\u00c3\u00a9')
  })
})

describe('eight processes at once', () => {
  const WRITERS = 8
  const UPDATES = 20

  test('tear nothing, lose no line of the user, leave nothing behind', async () => {
    const writer = await buildWriter()
    const envs = join(dir, 'envs')
    const shared = join(envs, '.env.shared')
    mkdirSync(envs)
    writeFileSync(shared, 'USER=1\n')

    const children = Array.from({ length: WRITERS }, (_, i) =>
      fork(writer, [shared, join(envs, `.env.${i}`), String(i), String(UPDATES)]),
    )
    const ended = Promise.all(children.map(resultsOf))
    await Promise.all(children.map((child) => once(child, 'message')))
    for (const child of children) child.send('go')

    const stop = new AbortController()
    const abort = () => stop.abort()
    ended.then(abort, abort)
    do {
      await new Promise(setImmediate)
      const text = readFileSync(shared, 'latin1')
      // One whole block behind the user's line, or none yet.
      expect(text).toBe(replaceEnvBlock('USER=1\n', readEnvBlock(text)))
    } while (!stop.signal.aborted)

    for (const { own, common } of await ended) {
      expect(own).toEqual(['created', ...Array.from({ length: UPDATES - 1 }, () => 'updated')])
      expect(common.filter((status) => status === 'updated').length).toBeGreaterThan(0)
    }
    expect(readEnvBlock(readFileSync(shared, 'latin1')).size).toBeGreaterThan(0)
    for (let i = 0; i < WRITERS; i++) {
      expect(readEnvBlock(readFileSync(join(envs, `.env.${i}`), 'latin1'))).toEqual(
        new Map([[`P${i}_PORT`, String(3000 + UPDATES - 1)]]),
      )
    }
    expect(readdirSync(envs).toSorted()).toEqual(
      ['.env.shared', ...Array.from({ length: WRITERS }, (_, i) => `.env.${i}`)].toSorted(),
    )
  }, 60_000)
})

function refusal(path = file): string | undefined {
  const result = updateEnvFile(path, () => ports)
  expect(result).toMatchObject({ status: 'refused', firstBlock: false })
  return result.reason
}

/** Plain JavaScript of the module under test, as the oldest Node runs no TypeScript. */
async function buildWriter(): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    root: dir,
    build: {
      ssr: join(import.meta.dirname, '../../src/output/env-file.ts'),
      outDir: join(dir, 'built'),
      rollupOptions: { output: { entryFileNames: 'env-file.mjs' } },
    },
  })
  const writer = join(dir, 'writer.mjs')
  writeFileSync(
    writer,
    `import { updateEnvFile } from './built/env-file.mjs'
    const [shared, own, id, updates] = process.argv.slice(2)
    process.once('message', () => {
      const results = { own: [], common: [] }
      for (let i = 0; i < Number(updates); i++) {
        const next = (current) => new Map([...current, ['P' + id + '_PORT', String(3000 + i)]])
        results.own.push(updateEnvFile(own, next).status)
        results.common.push(updateEnvFile(shared, next).status)
      }
      process.send(results, () => process.disconnect())
    })
    process.send('ready')`,
  )
  return writer
}

async function resultsOf(child: ChildProcess): Promise<{ own: string[]; common: string[] }> {
  const messages: unknown[] = []
  child.on('message', (message) => messages.push(message))
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  return messages.at(-1) as { own: string[]; common: string[] }
}

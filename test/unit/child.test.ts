import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandLine, quoteForCmd } from '../../src/child/command-line.ts'
import { requiringOptions } from '../../src/child/node-options.ts'
import { runtimeOf } from '../../src/child/runtime.ts'
import { exitCode, passSignals } from '../../src/child/signals.ts'
import { type ProcessRow, treeOf } from '../../src/child/tree/process-row.ts'
import { listWithPs, parsePs } from '../../src/child/tree/ps.ts'
import { endWindowsTree, listWindows } from '../../src/child/tree/windows.ts'
import { readListenRequest } from '../../src/preload/listen-request.ts'
import { tempRoot } from '../_utils/temp.ts'

describe('readListenRequest', () => {
  const callback = () => {}
  test.for([
    [[3000], { port: 3000, host: undefined }],
    [['3000'], { port: 3000, host: undefined }],
    [['3000', callback], { port: 3000, callback }],
    [[3000, 'localhost', callback], { port: 3000, host: 'localhost', callback }],
    [[3000, 'localhost', 64, callback], { port: 3000, host: 'localhost', backlog: 64 }],
    [[3000, 64], { port: 3000, host: undefined, backlog: 64 }],
    [[3000, undefined, 64], { port: 3000, host: undefined, backlog: 64 }],
    [[{ port: '3000', host: '::1' }, callback], { port: 3000, host: '::1', callback }],
    [[{ port: 3000, host: '' }], { port: 3000, host: undefined }],
    [[{ port: 3000, host: null, exclusive: true }], { port: 3000, exclusive: true }],
    [[{ port: 3000, ipv6Only: true, host: '::' }], { port: 3000, own: true }],
    [[{ port: 3000, reusePort: true }], { port: 3000, own: true }],
  ] as const)('%j', ([args, expected]) => {
    expect(readListenRequest(args)).toMatchObject(expected)
  })

  test.for([
    [],
    [0],
    ['0'],
    [callback],
    ['/tmp/a.sock'],
    [''],
    [' '],
    [{ path: '/tmp/a.sock' }],
    [{ fd: 3, port: 3000 }],
    [{ port: 70_000 }],
    [-1],
    [3000.5],
    [true],
    [null],
    [{ _handle: {}, port: 3000 }],
  ] as const)('%j is no port of ours', (args) => {
    expect(readListenRequest(args)).toBeUndefined()
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.array(fc.anything()), (args) => void readListenRequest(args)))
  })
})

describe('requiringOptions', () => {
  test.for(['plain', 'with space', 'qu"ote', 'back\\slash and space', 'ünïcode'])(
    'Node loads the file in a directory that is called %s',
    (name) => {
      using root = tempRoot()
      const dir = join(root.dir, name)
      mkdirSync(dir)
      const file = join(dir, 'loaded.cjs')
      writeFileSync(file, `console.log('loaded')`)
      const options = requiringOptions('--no-warnings', file)
      const env = { ...process.env, NODE_OPTIONS: options }
      expect(execFileSync(process.execPath, ['-e', '0'], { env, encoding: 'utf8' })).toBe(
        'loaded\n',
      )
      expect(requiringOptions(options, file)).toBe(options)
    },
  )

  test('a Windows path with spaces', () => {
    expect(requiringOptions(undefined, 'C:\\My App\\preload.cjs')).toBe(
      '--require "C:\\\\My App\\\\preload.cjs"',
    )
    expect(requiringOptions(' ', 'C:\\App\\preload.cjs')).toBe('--require C:\\App\\preload.cjs')
  })
})

describe('commandLine', () => {
  test('elsewhere than on Windows a command is taken as it is', () => {
    const command = { command: 'node', args: ['a b', '$HOME'] }
    expect(commandLine(command, 'linux')).toEqual({ file: 'node', args: ['a b', '$HOME'] })
    expect(commandLine({ command: 'a && b', shell: true }, 'darwin')).toEqual({
      file: '/bin/sh',
      args: ['-c', 'a && b', 'sh'],
    })
  })

  test('on Windows cmd.exe starts scripts too', () => {
    expect(commandLine({ command: 'npm', args: ['run', 'api'] }, 'win32')).toEqual({
      file: 'cmd.exe',
      args: ['/d', '/s', '/c', '"npm ^^^"run^^^" ^^^"api^^^""'],
      verbatim: true,
    })
    expect(
      commandLine({ command: 'a && b', shell: true }, 'win32', 'C:\\cmd.exe').args.at(-1),
    ).toBe('"a && b"')
  })

  test('nothing special is left bare for cmd.exe', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '%', '&', '|', '^', '!') })
    fc.assert(
      fc.property(word, (argument) => {
        expect(quoteForCmd(argument).replaceAll(/\^./g, '')).not.toMatch(/["%&|<>!]/)
      }),
    )
  })
})

describe('runtimeOf', () => {
  test.for([
    ['node server.js', 'node'],
    ['NODE_ENV=development node server.js', 'node'],
    ['npm run build && node dist/server.js', 'node'],
    ['cross-env A=b tsx watch src/main.ts', 'node'],
    ['tool', 'node'],
    ['shim', 'node'],
    ['npm run api', 'node'],
    ['npm run py', 'other'],
    ['yarn py', 'other'],
    ['npm start', 'node'],
    ['npx whatever', 'node'],
    ['esbuild --serve=3000', 'other'],
    ['npx --yes esbuild --serve=3000', 'other'],
    ['pnpm exec bun server.ts', 'other'],
    ['python3 -m http.server', 'other'],
    ['cd api && exec uvicorn app:main', 'other'],
    ['NODE_OPTIONS=--inspect node server.js', 'other'],
    ['binary', 'other'],
    ['missing', 'other'],
    ['', 'other'],
  ] as const)('%s: %s', ([command, expected]) => {
    using root = tempRoot()
    root.write({
      'package.json': JSON.stringify({ scripts: { api: 'node a.js', py: 'python3 app.py' } }),
      'bin/tool': '#!/usr/bin/env node\n',
      'bin/shim': '#!/bin/sh\nexec node "$basedir/../x.js" "$@"\n',
      'bin/binary': '\x7fELF node',
    })
    for (const file of ['tool', 'shim', 'binary']) chmodSync(join(root.dir, 'bin', file), 0o755)
    const search = { cwd: root.dir, path: join(root.dir, 'bin') }
    expect(runtimeOf({ command, shell: true }, search)).toBe(expected)
  })
})

describe('trees', () => {
  const row = (pid: number, parent: number, marked = false): ProcessRow => ({
    pid,
    parent,
    marked,
    started: '1',
  })

  test('children before parents; what only looks alike is left out', () => {
    const rows = [row(1, 0), row(10, 1), row(11, 10), row(12, 11), row(20, 1), row(21, 20, true)]
    expect(treeOf(10, rows, 99).map(({ pid }) => pid)).toEqual([21, 12, 11, 10])
    expect(treeOf(10, rows, 11).map(({ pid }) => pid)).toEqual([21, 10])
    expect(treeOf(77, rows, 99).map(({ pid }) => pid)).toEqual([21])
  })

  test('a table that goes in circles ends', () => {
    const rows = [row(10, 11), row(11, 10)]
    expect(treeOf(10, rows, 99).map(({ pid }) => pid)).toEqual([11, 10])
  })

  test('ps on macOS, and the real one here', async () => {
    const text = `    1     0 Ss   Fri Nov 20 08:00:00 2026    \n  501     1 S+   Fri Nov 20 09:00:01 2026\n  502   501 Z    Fri Nov 20 09:00:02 2026\n`
    expect(parsePs(text)).toEqual([
      { pid: 1, parent: 0, started: 'Fri Nov 20 08:00:00 2026', marked: false },
      { pid: 501, parent: 1, started: 'Fri Nov 20 09:00:01 2026', marked: false },
    ])
    const own = (await listWithPs()).find(({ pid }) => pid === process.pid)
    expect(own).toMatchObject({ parent: process.ppid })
  })

  test('Windows: a parent that is younger than its child is none', async () => {
    const list =
      '4 0 0\r\n900 4 638000\r\n901 900 638001\r\n902 777 638002\r\n777 4 638009\r\nnoise\r\n'
    const rows = await listWindows(async () => list)
    expect(rows.map(({ pid, parent }) => [pid, parent])).toEqual([
      [4, 0],
      [900, 4],
      [901, 900],
      [902, 0],
      [777, 4],
    ])
    const calls: unknown[] = []
    await endWindowsTree(900, async (...call) => void calls.push(call))
    expect(calls).toEqual([['taskkill', ['/PID', '900', '/T', '/F'], { timeoutMs: 8000 }]])
  })
})

describe('signals', () => {
  test.for([
    [true, ['SIGTERM', 'SIGHUP']],
    [false, ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']],
  ] as const)(
    'in the foreground of a terminal (%s): %j are passed on',
    ([foreground, expected]) => {
      const listeners = new Map<string, () => void>()
      const source = {
        on: (signal: string, listener: () => void) => listeners.set(signal, listener),
        off: (signal: string) => listeners.delete(signal),
      }
      const sent: string[] = []
      const passing = passSignals(
        source,
        (signal) => sent.push(signal),
        () => foreground,
      )
      for (const listener of listeners.values()) listener()
      expect(sent).toEqual(expected)
      passing[Symbol.dispose]()
      expect(listeners.size).toBe(0)
    },
  )

  test('exit codes', () => {
    expect(exitCode(3, null)).toBe(3)
    expect(exitCode(null, 'SIGINT')).toBe(130)
    expect(exitCode(null, null)).toBe(1)
  })
})

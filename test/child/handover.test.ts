import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { connect } from 'node:http2'
import { connect as connectLocal } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type HandoverNote, NOTE_VARIABLE } from '../../src/child/protocol.ts'
import { selfSigned } from '../_utils/certificate.ts'
import { get } from '../_utils/http.ts'
import { testNodes } from '../_utils/nodes.ts'
import { hold, rivalOf } from '../_utils/held-program.ts'
import { hasIPv6 } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const node = process.execPath
const nodes = await testNodes()
const server = (name: string): string => join(repo, 'test/fixtures/servers', name)
const bin = (path: string): string => join(repo, 'node_modules', path)
const url = (port: number, path = '/'): string => `http://127.0.0.1:${port}${path}`

interface Case {
  readonly file: string
  readonly host?: string | true
  readonly says: string
}

const CASES: readonly Case[] = [
  { file: 'http.cjs', host: true, says: 'http.cjs' },
  { file: 'http.mjs', host: 'localhost', says: 'http.mjs' },
  { file: 'express.mjs', host: true, says: 'express' },
  { file: 'fastify.mjs', says: 'fastify' },
  { file: 'hono.mjs', host: true, says: 'hono' },
  { file: 'cluster.mjs', says: 'cluster' },
]

describe.for(nodes.length > 0 ? nodes : [{ file: node, version: process.version }])(
  'Node $version',
  ({ file: binary, version }) => {
    test.for(CASES)('$file serves on the held socket, and a rival never gets it', async (given) => {
      await using held = await hold(given.host)
      await using rival = await rivalOf(held.port)
      // Asked before there is a server.
      const early = get(url(held.port))
      const child = held.start(binary, [server(given.file)])
      const { text } = await early
      expect(text).toMatch(new RegExp(`^${given.says} \\d+$`))
      expect((await get(url(held.port))).text).toContain(given.says)
      expect(held.events).toEqual(['serving passed'])
      expect(held.reservation.state).toBe('serving')
      await child.end('SIGKILL')
      await until(() => held.reservation.state === 'held')
      expect(rival.output()).not.toContain('won')
    })

    test('https', async () => {
      const { key, cert } = await selfSigned()
      await using held = await hold()
      const child = held.start(binary, [server('https.mjs')], { KEY: key, CERT: cert })
      const { text } = await get(`https://127.0.0.1:${held.port}`)
      expect(text).toBe(`https ${child.pid}`)
      expect(held.events).toEqual(['serving passed'])
    })

    test('http2', async () => {
      await using held = await hold()
      const child = held.start(binary, [server('http2.mjs')])
      const session = connect(url(held.port))
      const stream = session.request()
      let text = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      await once(stream, 'end')
      session.destroy()
      expect(text).toBe(`http2 ${child.pid}`)
      expect(held.events).toEqual(['serving passed'])
    })

    test('a server looks bound at once', async () => {
      await using held = await hold(true)
      const child = held.start(binary, [server('http.cjs')])
      const address = hasIPv6 ? '"::","family":"IPv6"' : '"0.0.0.0","family":"IPv4"'
      await child.sees(new RegExp(`bound true \\{"address":${address},"port":${held.port}\\}`))
    })

    test('node --watch: a restart loses nobody, and the rival gets nothing', async () => {
      await using held = await hold()
      await using rival = await rivalOf(held.port)
      using root = tempRoot()
      root.write({ 'app.mjs': appThatSays('one') })
      held.start(binary, ['--watch', 'app.mjs'], {}, root.dir)
      expect((await get(url(held.port))).text).toBe('one')
      root.write({ 'app.mjs': appThatSays('two') })
      await until(async () => (await get(url(held.port))).text === 'two')
      expect(held.events.slice(0, 3)).toEqual(['serving passed', 'idle', 'serving passed'])
      expect(rival.output()).not.toContain('won')
    })

    test(`warns of nothing on ${version}`, async () => {
      await using held = await hold()
      const child = held.start(binary, [server('http.mjs')], { HOST: '127.0.0.1' })
      await child.sees(/up/)
      expect(child.output()).not.toMatch(/warn|deprecat/i)
    })
  },
)

/** A server whose answer is in its source; it says so late, as one that compiles first. */
function appThatSays(text: string): string {
  return `import { createServer } from 'node:http'
createServer((request, response) => {
  response.setHeader('connection', 'close').end('${text}')
}).listen(process.env.PORT, '127.0.0.1')`
}

describe('wrappers', () => {
  const wrapped: [name: string, args: readonly [string, ...string[]], files?: object][] = [
    ['sh -c', ['sh', '-c', `true && "${node}" "${server('http.mjs')}"; true`]],
    ['npm run', ['npm', 'run', 'api', '--silent']],
    ['npx', ['npx', '--no-install', 'http-api']],
    ['tsx', [node, bin('tsx/dist/cli.mjs'), server('typescript.ts')]],
    ['tsx watch', [node, bin('tsx/dist/cli.mjs'), 'watch', server('typescript.ts')]],
    ['nodemon', [node, bin('nodemon/bin/nodemon.js'), server('http.mjs')]],
  ]
  test.for(wrapped)('%s', async ([, [file, ...args]]) => {
    await using held = await hold(
      args.some((arg) => arg.includes('typescript')) ? true : '127.0.0.1',
    )
    await using rival = await rivalOf(held.port)
    using root = tempRoot()
    const api = `"${node}" "${server('http.mjs')}"`
    root.write({
      'package.json': JSON.stringify({ name: 'api', scripts: { api } }),
      'node_modules/.bin/http-api': `#!/usr/bin/env node\nimport(${JSON.stringify(server('http.mjs'))})`,
    })
    chmodSync(join(root.dir, 'node_modules/.bin/http-api'), 0o755)
    held.start(
      file,
      args,
      { HOST: '127.0.0.1', PATH: `${bin('.bin')}:${process.env.PATH}` },
      root.dir,
    )
    expect((await get(url(held.port))).text).toMatch(/^(http.mjs|typescript) \d+$/)
    expect(held.events).toEqual(['serving passed'])
    expect(rival.output()).not.toContain('won')
  })

  test('a program that keeps no descriptor and no environment of ours: env is enough', async () => {
    await using held = await hold()
    const script = `import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], close_fds=True).returncode)`
    held.start('python3', ['-c', script, node, server('http.mjs')], { HOST: '127.0.0.1' })
    expect((await get(url(held.port))).text).toContain('http.mjs')
    expect(held.events).toEqual(['serving passed'])
  })
})

describe('restarts', () => {
  test('any number of starts gets the socket, one after the other', async () => {
    await using held = await hold()
    const note = JSON.parse(held.handover.env({})[NOTE_VARIABLE] ?? '') as HandoverNote
    // More than the holder talks to at once.
    for (let times = 0; times < 300; times++) {
      const visitor = connectLocal(note.control).resume()
      await once(visitor, 'connect')
      visitor.end()
      await once(visitor, 'close')
    }
    const child = held.start(node, [server('http.mjs')])
    expect((await get(url(held.port))).text).toBe(`http.mjs ${child.pid}`)
    expect(held.events).toEqual(['serving passed'])
  })

  test('nodemon: who asks while there is no server gets an answer of the next one', async () => {
    await using held = await hold()
    await using rival = await rivalOf(held.port)
    using root = tempRoot()
    root.write({ 'app.mjs': appThatSays('one') })
    const quiet = ['--delay', '0', '--signal', 'SIGTERM', '--exitcrash']
    held.start(node, [bin('nodemon/bin/nodemon.js'), ...quiet, 'app.mjs'], {}, root.dir)
    expect((await get(url(held.port))).text).toBe('one')
    root.write({ 'app.mjs': appThatSays('two') })
    // Asked without a pause all the while: every one of them gets an answer.
    await until(async () => (await get(url(held.port))).text === 'two')
    expect(held.events).toEqual(['serving passed', 'idle', 'serving passed'])
    expect(rival.output()).not.toContain('won')
  })

  test('a cluster goes on when a worker dies, and gets the socket again when all of it does', async () => {
    await using held = await hold()
    const first = held.start(node, [server('cluster.mjs')])
    // With its last worker the cluster would give its socket back.
    await first.sees(/worker \d listens[^]*worker \d listens/)
    const dead = (await get(url(held.port, '/die'))).text
    // A connection that is on its way to a worker when that dies is lost, with any socket.
    await first.sees(/replaced/)
    for (let times = 0; times < 4; times++) {
      expect((await get(url(held.port))).text).not.toBe(dead)
    }
    await first.end('SIGKILL')
    held.start(node, [server('cluster.mjs')])
    await until(() => held.events.length === 3)
    expect((await get(url(held.port))).text).toMatch(/^cluster \d+$/)
    expect(held.events).toEqual(['serving passed', 'idle', 'serving passed'])
  })

  test('a server that closes and listens again', async () => {
    await using held = await hold()
    await using rival = await rivalOf(held.port)
    const child = held.start(node, [server('http.mjs')], { HOST: '127.0.0.1' })
    await child.sees(/up/)
    child.process.kill('SIGUSR2')
    await child.sees(/up[^]*up/)
    expect((await get(url(held.port))).text).toBe(`http.mjs ${child.pid}`)
    expect(held.events).toEqual(['serving passed', 'idle', 'serving passed'])
    expect(rival.output()).not.toContain('won')
  })
})

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { handToChildren, reserve } from '../../src/api.ts'
import { NOTE_VARIABLE, readNote } from '../../src/child/protocol.ts'
import { padded } from '../../src/net/padded-name.ts'
import { get } from '../_utils/http.ts'
import { rivalOf } from '../_utils/held-program.ts'
import { freePort, isFree } from '../_utils/sockets.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

const server = (name: string): string => join(repo, 'test/fixtures/servers', name)

async function reserveApi(root: string) {
  const port = await freePort()
  const ports = await reserve({ root, services: { api: { preferred: port, host: '127.0.0.1' } } })
  return { port, ports, list: Object.values(ports.services) }
}

test('a forked server; who connected before has waited', async () => {
  using root = tempRoot()
  const { port, ports, list } = await reserveApi(root.dir)
  await using _ports = ports
  await using rival = await rivalOf(port)
  const early = connect(port, '127.0.0.1')
  await once(early, 'connect')
  await using handover = await handToChildren(list)
  const child = fork(server('http.mjs'), {
    env: { ...handover.env(), PORT: String(port), HOST: '127.0.0.1' },
    execArgv: [],
    silent: true,
  })
  try {
    early.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of early.setEncoding('utf8')) text += chunk as string
    expect(text).toContain(`http.mjs ${child.pid}`)
    expect(list[0]?.state).toBe('serving')
    expect(rival.output()).not.toContain('won')
    // An orderly close leaves the server alone; the socket is its own now.
    handover.close()
    await ports.release()
    expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`http.mjs ${child.pid}`)
    expect(child.exitCode).toBe(null)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

test('a server in a worker thread', async () => {
  using root = tempRoot()
  const { port, ports, list } = await reserveApi(root.dir)
  await using _ports = ports
  await using rival = await rivalOf(port)
  await using handover = await handToChildren(list)
  const start = () =>
    new Worker(join(repo, 'test/fixtures/programs/worker.mjs'), {
      env: { ...handover.env(), PORT: String(port) },
      execArgv: [...handover.execArgv],
    })
  const first = start()
  expect((await get(`http://127.0.0.1:${port}`)).text).toBe(`thread ${first.threadId}`)
  await first.terminate()
  const second = start()
  expect((await get(`http://127.0.0.1:${port}`)).text).toMatch(/^thread [1-9]/)
  await second.terminate()
  expect(await isFree(port)).toBe(false)
  expect(rival.output()).not.toContain('won')
})

test('without the token nobody gets a socket, and nonsense is cut off', async () => {
  using root = tempRoot()
  const { port, ports, list } = await reserveApi(root.dir)
  await using _ports = ports
  await using handover = await handToChildren(list)
  const note = readNote(handover.env({}))
  expect(note?.ports).toEqual([
    { service: 'api', port, host: '127.0.0.1', address: '127.0.0.1', family: 'IPv4' },
  ])
  const ask = { token: 'x'.repeat(32), port, address: '127.0.0.1', own: true, pid: 1 }
  for (const line of [JSON.stringify(ask), '{}', 'null', 'x'.repeat(10_000)]) {
    const visitor = connect(padded(note?.control ?? ''))
    visitor.on('error', () => {})
    visitor.write(`${line}\n`)
    let text = ''
    visitor.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    await once(visitor, 'close')
    expect(text).toBe('')
  }
  expect(list[0]?.state).toBe('held')
  expect(await isFree(port)).toBe(false)
})

test('a reservation without a socket is an error that says so', async () => {
  using root = tempRoot()
  const { ports, list } = await reserveApi(root.dir)
  await using _ports = ports
  const own = createServer()
  list[0]?.adoptInto(own)
  await expect(handToChildren(list)).rejects.toMatchObject({ code: 'PORTS_NOT_HELD' })
  own.close()
})

test('the environment of the child is otherwise as it was', async () => {
  using root = tempRoot()
  const { ports, list } = await reserveApi(root.dir)
  await using _ports = ports
  await using handover = await handToChildren(list)
  const {
    [NOTE_VARIABLE]: note,
    NODE_OPTIONS,
    ...rest
  } = handover.env({
    A: 'b',
    UNSET: undefined,
    NODE_OPTIONS: '--no-warnings',
  })
  expect(rest).toEqual({ A: 'b' })
  expect(note).toBeTruthy()
  expect(NODE_OPTIONS).toMatch(/^--no-warnings --require .*preload\.cjs/)
})

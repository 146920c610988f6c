import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { Listener } from '../../src/reservation/listener.ts'
import { ListenerWatch } from '../../src/session/proxy/listener-watch.ts'
import { freePort, occupy } from '../_utils/sockets.ts'

/** A watch with a clock of its own, that is told who listens. */
function watching(listener: Listener) {
  const state = { now: 0, looks: 0, listener }
  const watch = new ListenerWatch(
    async () => {
      state.looks++
      return state.listener
    },
    () => state.now,
  )
  return { state, watch }
}

function heldBy(verdict: Listener['verdict'], pid: number, port: number): Listener {
  return { verdict, relay: false, holder: { port, via: 'system', pid } }
}

test('one look serves all requests while the process lives, and is repeated now and then', async () => {
  const { state, watch } = watching(heldBy('ours', process.pid, 3000))
  expect(watch.listener(3000)).toBeUndefined()
  await Promise.all([watch.settle(3000), watch.settle(3000)])
  expect(state.looks).toBe(1)
  for (; state.now < 30_000; state.now += 500) expect(watch.settle(3000)).toBeUndefined()
  expect(state.looks).toBe(1)
  state.now = 32_000
  expect(watch.settle(3000)).toBeUndefined()
  expect(state.looks).toBe(2)
  expect(watch.listener(3000)?.verdict).toBe('ours')
})

test('a request waits for a look when the process has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const { state, watch } = watching(heldBy('ours', child.pid as number, 3000))
  await watch.settle(3000)
  state.now = 2000
  expect(watch.settle(3000)).toBeUndefined()
  child.kill('SIGKILL')
  await once(child, 'exit')
  state.listener = heldBy('foreign', process.pid, 3000)
  expect(watch.settle(3000)).toBeUndefined()
  state.now = 4000
  await watch.settle(3000)
  expect(watch.listener(3000)?.verdict).toBe('foreign')
})

test('while it is foreign, every request looks again, once a second at most', async () => {
  const { state, watch } = watching(heldBy('foreign', process.pid, 3000))
  await watch.settle(3000)
  state.now = 900
  expect(watch.settle(3000)).toBeUndefined()
  state.now = 1000
  state.listener = heldBy('ours', process.pid, 3000)
  await watch.settle(3000)
  expect(watch.listener(3000)?.verdict).toBe('ours')
  expect(state.looks).toBe(2)
})

test('while nobody listens a refused connection is all it costs', async () => {
  const port = await freePort()
  const { state, watch } = watching({ verdict: 'nobody', relay: false })
  await watch.settle(port)
  state.now = 1000
  await watch.settle(port)
  expect(state.looks).toBe(1)
  await using taken = await occupy('127.0.0.1', port)
  state.listener = heldBy('ours', process.pid, taken.port)
  state.now = 2000
  await watch.settle(port)
  expect(watch.listener(port)?.verdict).toBe('ours')
})

test('whoever comes within the second is looked at before the first request', async () => {
  const port = await freePort()
  const { state, watch } = watching({ verdict: 'nobody', relay: false })
  await watch.settle(port)
  await using taken = await occupy('127.0.0.1', port)
  state.listener = heldBy('foreign', process.pid, taken.port)
  await watch.settle(port)
  expect(watch.listener(port)?.verdict).toBe('foreign')
})

test('another port is another question', async () => {
  const { state, watch } = watching(heldBy('foreign', process.pid, 3000))
  await watch.settle(3000)
  state.listener = heldBy('ours', process.pid, 3001)
  const settled = watch.settle(3001)
  expect(watch.listener(3000)).toBeUndefined()
  await settled
  expect(watch.listener(3001)?.verdict).toBe('ours')
})

test('a look that fails lets requests through', async () => {
  const watch = new ListenerWatch(
    () => Promise.reject(new Error('no /proc')),
    () => 0,
  )
  await watch.settle(3000)
  expect(watch.listener(3000)).toEqual({ verdict: 'unknown', relay: false })
})

import { once } from 'node:events'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startNode } from '../_utils/children.ts'
import { freePort, isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'
import { apiInfo, isAlive, servedPort } from './_probe.ts'
import { checkout } from './checkout.ts'

describe.each([
  ['webpack', 'Held while it compiles.'],
  ['rspack', 'Nothing to race for.'],
  ['rsbuild', 'Never let go.'],
])('%s', (name, headline) => {
  it('the API answers and ticks through the proxy, on the port that the env file names', async () => {
    using copy = checkout()
    await using child = copy.play(name)
    const port = await servedPort(child)
    const info = await apiInfo(port)
    expect(copy.env(name)).toMatchObject({ DEV_PORT: `${port}`, API_PORT: `${info.port}` })
    // The bundler is a process of its own, and its reservation came before the API.
    expect(info.reservation?.pid).not.toBe(child.pid)
    expect(info.reservation?.since).toBeLessThan(info.startedAt)

    const { page, code } = await load(`http://localhost:${port}/`)
    expect(page).toContain(headline)
    expect(code).toContain(`http://localhost:${info.port}`)
    expect(code).toContain('--hue')

    const socket = openSocket(port)
    const [message] = (await once(socket, 'message')) as [Buffer]
    socket.close()
    expect(JSON.parse(message.toString())).toMatchObject({ tick: expect.any(Number), viewers: 1 })
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends everything', async (signal) => {
    using copy = checkout()
    const [devPort, apiPort] = [await freePort(), await freePort()]
    await using child = copy.play(name, { DEV_PORT: `${devPort}`, API_PORT: `${apiPort}` })
    expect(await servedPort(child)).toBe(devPort)
    const { pid, port, reservation } = await apiInfo(devPort)
    expect(port).toBe(apiPort)
    // An open tab must not keep anything alive.
    const socket = openSocket(devPort)
    await once(socket, 'open')
    const gone = once(socket, 'close')

    expect(await child.end(signal)).toEqual({ code: 0, signal: null })
    await gone
    expect([pid, reservation?.pid ?? 0].filter(isAlive)).toEqual([])
    expect(await isFree(devPort)).toBe(true)
    expect(await isFree(apiPort)).toBe(true)
  })

  it('bundler and API go with a playground that was killed', async () => {
    using copy = checkout()
    await using child = copy.play(name)
    const { pid, reservation } = await apiInfo(await servedPort(child))
    const pids = [pid, reservation?.pid ?? 0]
    expect(pids.map(isAlive)).toEqual([true, true])
    await child.end('SIGKILL')
    await until(() => !pids.some(isAlive))
  })

  it('two checkouts at once have ports of their own, and talk to their own API', async () => {
    using first = checkout()
    using second = checkout()
    await using one = first.play(name)
    await using two = second.play(name)
    const ports = [await servedPort(one), await servedPort(two)] as const
    const infos = [await apiInfo(ports[0]), await apiInfo(ports[1])] as const
    expect(new Set([...ports, infos[0].port, infos[1].port]).size).toBe(4)
    for (const [index, copy] of [first, second].entries()) {
      expect(copy.env(name).API_PORT).toBe(`${infos[index]?.port}`)
    }
  })
})

it('a dead API is reported, answered for, and back with the printed command', async () => {
  using copy = checkout()
  await using child = copy.play('webpack')
  const port = await servedPort(child)
  const { pid, port: apiPort } = await apiInfo(port)
  process.kill(pid, 'SIGKILL')

  const [, file = ''] = await child.sees(
    /The API was ended by SIGKILL\. Start it again: node (\S+)/,
  )
  const answer = await fetch(`http://localhost:${port}/api/info`)
  expect(answer.status).toBe(502)
  expect(await answer.text()).toContain(`API_PORT=${apiPort}`)

  await using again = startNode([file], { cwd: copy.dir })
  expect(await apiInfo(port)).toMatchObject({ pid: again.pid, port: apiPort })
})

it('a second run in the same checkout uses the API of the first', async () => {
  using copy = checkout()
  await using one = copy.play('rspack')
  const { pid, port } = await apiInfo(await servedPort(one))
  await using two = copy.play('rspack')
  await two.sees(new RegExp(`The API of this checkout runs on ${port} already`))
  expect((await apiInfo(await servedPort(two))).pid).toBe(pid)
})

it('rsbuild: the API moves to a port that somebody writes into the env file', async () => {
  using copy = checkout()
  const file = join(copy.dir, 'playground/rsbuild/.env.local')
  // Rsbuild watches the env files that it finds when it starts.
  writeFileSync(file, '')
  await using child = copy.play('rsbuild')
  const port = await servedPort(child)
  const before = await apiInfo(port)

  const chosen = await freePort()
  writeFileSync(file, `API_PORT=${chosen}\n${readFileSync(file, 'utf8')}`)
  let touchedAt = 0
  const after = await until(async () => {
    // Rsbuild's watcher may not be there yet, or be busy with a restart: it sees one of these.
    if (Date.now() - touchedAt > 2000) {
      touchedAt = Date.now()
      utimesSync(file, new Date(), new Date())
    }
    const info = await apiInfo(port)
    return info.port === chosen ? info : undefined
  }, 40_000)
  expect(isAlive(before.pid)).toBe(false)
  // The same process, so the page's port was never let go.
  expect(after.reservation?.pid).toBe(before.reservation?.pid)
})

it('a bundler that fails ends the playground, and its message is there', async () => {
  using copy = checkout()
  writeFileSync(join(copy.dir, 'playground/webpack/webpack.config.mjs'), 'throw new Error("oops")')
  await using child = copy.play('webpack')
  expect(await child.ended).toEqual({ code: 1, signal: null })
  expect(child.output()).toContain('oops')
  expect(child.output()).toContain('The bundler ended with code')
})

/** As a page of that dev server does: webpack's refuses a handshake without an origin. */
function openSocket(port: number): WebSocket {
  return new WebSocket(`ws://localhost:${port}/api/live`, { origin: `http://localhost:${port}` })
}

/** A page, and the scripts and styles that it loads. */
async function load(url: string): Promise<{ page: string; code: string }> {
  const page = await (await fetch(url)).text()
  const files = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => path)
  expect(files).not.toEqual([])
  const texts = files.map(async (path) => (await fetch(new URL(path ?? '', url))).text())
  return { page, code: (await Promise.all(texts)).join('\n') }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Child, startNode } from '../_utils/children.ts'
import { accepts, freePort, isFree } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'
import { localPort } from '../_utils/vite.ts'
import { apiInfo, isAlive } from './_probe.ts'
import { checkout } from './checkout.ts'

interface Facts {
  pid: number
  adoptedMs: number
  early: { sentMs: number; status: number }
}

it('vite: the API answers and ticks through the proxy, on the port that the env file names', async () => {
  using copy = checkout()
  await using child = copy.play('vite')
  const port = await localPort(child)

  const page = await fetch(`http://localhost:${port}/`)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('The port came first.')
  const info = await apiInfo(port)
  const module = await (await fetch(`http://localhost:${port}/@id/__x00__~ports`)).text()
  expect(module).toContain(`"http://localhost:${info.port}"`)

  expect(copy.env('vite')).toMatchObject({ DEV_PORT: `${port}`, API_PORT: `${info.port}` })
  expect(info.reservation?.pid).toBe(child.pid)
  expect(info.reservation?.since).toBeLessThan(info.startedAt)

  const socket = new WebSocket(`ws://localhost:${port}/api/live`)
  const [message] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  expect(JSON.parse(message.toString())).toMatchObject({ tick: expect.any(Number), viewers: 1 })
})

it('vite: every module that the page loads is served', async () => {
  using copy = checkout()
  await using child = copy.play('vite')
  const origin = `http://localhost:${await localPort(child)}`
  expect(await loadedModules(origin, '/src/main.ts')).toContain('/src/accent.ts')
})

it.each(['SIGINT', 'SIGTERM'] as const)('vite: %s ends everything', async (signal) => {
  using copy = checkout()
  const [devPort, apiPort] = [await freePort(), await freePort()]
  await using child = copy.play('vite', { DEV_PORT: `${devPort}`, API_PORT: `${apiPort}` })
  expect(await localPort(child)).toBe(devPort)
  const info = await apiInfo(devPort)
  expect(info.port).toBe(apiPort)
  // An open tab must not keep anything alive.
  const socket = new WebSocket(`ws://localhost:${devPort}/api/live`)
  await once(socket, 'open')
  const gone = once(socket, 'close')

  expect(await child.end(signal)).toEqual({ code: 0, signal: null })
  await gone
  expect(isAlive(info.pid)).toBe(false)
  expect(await isFree(devPort)).toBe(true)
  expect(await isFree(apiPort)).toBe(true)
})

it('vite: the API goes with a playground that was killed', async () => {
  using copy = checkout()
  await using child = copy.play('vite')
  const { pid } = await apiInfo(await localPort(child))
  await child.end('SIGKILL')
  await until(() => !isAlive(pid))
})

it('vite: the API goes as well when its playground was killed while it started', async () => {
  using copy = checkout()
  writeFileSync(join(copy.dir, 'playground/vite/.env.local'), `API_PORT=${await freePort()}\n`)
  const api = spawn(process.execPath, ['playground/vite/api.mjs'], {
    cwd: copy.dir,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  try {
    const exit = once(api, 'exit', { signal: AbortSignal.timeout(20_000) })
    api.disconnect()
    expect(await exit).toEqual([0, null])
  } finally {
    api.kill('SIGKILL')
  }
})

it('vite: a dead API is reported, answered for, and back with the printed command', async () => {
  using copy = checkout()
  await using child = copy.play('vite')
  const port = await localPort(child)
  const { pid, port: apiPort } = await apiInfo(port)
  process.kill(pid, 'SIGKILL')

  const [, file = ''] = await child.sees(
    /The API was ended by SIGKILL\. Start it again: node (\S+)/,
  )
  const answer = await fetch(`http://localhost:${port}/api/info`)
  expect(answer.status).toBe(502)
  expect(await answer.text()).toContain(`API_PORT=${apiPort}`)

  await using again = startNode([file], { cwd: copy.dir })
  const info = await apiInfo(port)
  expect(info).toMatchObject({ pid: again.pid, port: apiPort })
  // Vite kept the port through all of it.
  expect(info.reservation?.pid).toBe(child.pid)
})

it('vite: two checkouts at once have ports of their own, and talk to their own API', async () => {
  using first = checkout()
  using second = checkout()
  await using one = first.play('vite')
  await using two = second.play('vite')
  const ports = [await localPort(one), await localPort(two)] as const
  const infos = [await apiInfo(ports[0]), await apiInfo(ports[1])] as const

  expect(new Set([...ports, infos[0].port, infos[1].port]).size).toBe(4)
  expect(infos[0].reservation?.pid).toBe(one.pid)
  expect(infos[1].reservation?.pid).toBe(two.pid)
})

it('vite: a second run in the same checkout uses the API of the first', async () => {
  using copy = checkout()
  await using one = copy.play('vite')
  const { pid, port } = await apiInfo(await localPort(one))
  await using two = copy.play('vite')
  await two.sees(new RegExp(`The API of this checkout runs on ${port} already`))
  expect((await apiInfo(await localPort(two))).pid).toBe(pid)
})

it('vite: the API moves to a port that somebody writes into the env file, and Vite stays', async () => {
  using copy = checkout()
  await using child = copy.play('vite')
  const port = await localPort(child)
  const before = await apiInfo(port)

  const chosen = await freePort()
  const file = join(copy.dir, 'playground/vite/.env.local')
  writeFileSync(file, `API_PORT=${chosen}\n${readFileSync(file, 'utf8')}`)
  const after = await until(async () => {
    const info = await apiInfo(port)
    return info.port === chosen ? info : undefined
  })
  expect(after.pid).not.toBe(before.pid)
  expect(isAlive(before.pid)).toBe(false)
})

it('vite: the API alone says what is missing', async () => {
  using copy = checkout()
  await using api = startNode(['playground/vite/api.mjs'], { cwd: copy.dir })
  const { code } = await ending(api)
  expect(code).toBe(1)
  expect(api.output()).toContain('no API_PORT in playground/vite/.env.local')
})

it('ssr: the server renders the ports of ~ports, and answers who asked before it existed', async () => {
  using copy = checkout()
  await using child = copy.play('ssr')
  const port = await localPort(child)
  const page = await (await fetch(`http://localhost:${port}/`)).text()

  const { WEB_PORT, VITE_HMR_PORT: hmrPort } = copy.env('ssr')
  expect(WEB_PORT).toBe(`${port}`)
  expect(hmrPort).not.toBe(WEB_PORT)
  expect(page).toContain(`<p class="number">${port}</p>`)
  expect(page).toContain(`<p class="number">${hmrPort}</p>`)
  expect(await accepts(Number(hmrPort))).toBe(true)

  const [, json = ''] = /<script id="facts"[^>]*>(.*?)<\/script>/s.exec(page) ?? []
  const facts = JSON.parse(json) as Facts
  expect(facts).toMatchObject({ pid: child.pid, early: { status: 200 } })
  expect(facts.early.sentMs).toBeLessThan(facts.adoptedMs)

  const modules = await loadedModules(`http://localhost:${port}`, '/src/client.ts')
  expect(modules).toContain('/src/view.ts')
  const client = await (await fetch(`http://localhost:${port}/@vite/client`)).text()
  expect(client).toContain(`localhost:${hmrPort}/`)
})

it.each(['SIGINT', 'SIGTERM'] as const)('ssr: %s ends everything', async (signal) => {
  using copy = checkout()
  const [webPort, hmrPort] = [await freePort(), await freePort()]
  const env = { WEB_PORT: `${webPort}`, VITE_HMR_PORT: `${hmrPort}` }
  await using child = copy.play('ssr', env)
  expect(await localPort(child)).toBe(webPort)
  expect(await accepts(hmrPort)).toBe(true)

  expect(await child.end(signal)).toEqual({ code: 0, signal: null })
  expect(await isFree(webPort)).toBe(true)
  expect(await isFree(hmrPort)).toBe(true)
})

it('ssr: two checkouts at once share neither port', async () => {
  using first = checkout()
  using second = checkout()
  await using one = first.play('ssr')
  await using two = second.play('ssr')
  const ports = [await localPort(one), await localPort(two)]
  const hmrPorts = [first, second].map((copy) => Number(copy.env('ssr').VITE_HMR_PORT))
  expect(new Set([...ports, ...hmrPorts]).size).toBe(4)
})

it.each(['nonsense', 'toString', ''])(
  'the unknown playground "%s" lists the known ones',
  async (name) => {
    using copy = checkout()
    await using child = copy.play(name)
    expect((await ending(child)).code).toBe(1)
    expect(child.output()).toMatch(
      /^There is no playground .*\n\n {2}vite .*\n {2}ssr .*\n {2}webpack .*\n {2}rspack .*\n {2}rsbuild /m,
    )
  },
)

it('without a build it says how to get one', async () => {
  using copy = checkout()
  unlinkSync(join(copy.dir, 'dist'))
  await using child = copy.play('vite')
  expect((await ending(child)).code).toBe(1)
  expect(child.output()).toContain('npm run build')
})

/** Paths of `entry` and everything it imports; fails when one of them is not served as JavaScript. */
async function loadedModules(origin: string, entry: string): Promise<string[]> {
  const paths = new Set([entry])
  for (const path of paths) {
    const response = await fetch(origin + path)
    expect([path, response.status]).toEqual([path, 200])
    expect(response.headers.get('content-type')).toContain('javascript')
    const text = await response.text()
    // Absolute paths only: Vite has resolved every import, and its own client imports its env file.
    for (const [, found = ''] of text.matchAll(/^import\b[^"\n]*"(\/[^"]+)"/gm)) paths.add(found)
  }
  return [...paths]
}

/** Waits for a program that ends by itself. */
async function ending(child: Child): Promise<{ code: number | null }> {
  if (child.process.exitCode === null) await once(child.process, 'close')
  return { code: child.process.exitCode }
}

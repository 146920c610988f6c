import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { reserve, whoHolds } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { freeUdpPort, isUdpFree } from '../_utils/datagrams.ts'
import { freePort } from '../_utils/sockets.ts'
import { linkPackages, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'

const SHOWING = `import { services } from '~ports'
document.title = JSON.stringify(services)`

function app(port: number, services: object): TempRoot {
  const root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'main.js': SHOWING,
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default {
  plugins: [ports(${JSON.stringify({ services, env: { prefix: 'VITE_' } })})],
  server: { port: ${port} },
}`,
  })
  return root
}

const block = (root: TempRoot): NodeJS.Dict<string> =>
  parseEnv(readFileSync(join(root.dir, '.env.local'), 'utf8'))

/** The user's own server: it binds what the env file says. */
async function server(root: TempRoot, source: string): Promise<Child> {
  root.write({ 'server.cjs': source })
  const child = startNode(['--env-file=.env.local', 'server.cjs'], { cwd: root.dir })
  await child.sees(/up/)
  return child
}

const DNS = `const socket = require('dgram').createSocket('udp4')
socket.bind(Number(process.env.DNS_PORT), '127.0.0.1', () => console.log('up'))`
const API = `require('net').createServer().listen(process.env.API_SOCKET, () => console.log('up'))`

test('a UDP service of somebody else is leased for its server, which is recognised the next time', async () => {
  const dns = await freeUdpPort()
  using root = app(await freePort(), { dns: { preferred: dns, protocol: 'udp' } })
  {
    await using vite = startVite('vite', root.dir)
    const port = await localPort(vite)
    await vite.sees(new RegExp(`dns +${dns}/udp +preferred .*DNS_PORT from \\.env\\.local`))
    expect(block(root)).toMatchObject({
      DNS_PORT: String(dns),
      DNS_URL: `udp://localhost:${dns}`,
      VITE_DNS_PORT: String(dns),
    })
    // Not bound, so that its server can; but others keep off.
    expect(await isUdpFree(dns)).toBe(true)
    expect(await whoHolds(`udp:${dns}`)).toMatchObject({ state: 'leased', root: root.dir })
    using other = tempRoot()
    const services = { dns: { preferred: dns, protocol: 'udp' } } as const
    await using elsewhere = await reserve({ root: other.dir, services })
    expect(elsewhere.services.dns?.port).not.toBe(dns)
    expect(port).toBeGreaterThan(0)
  }
  await using _dns = await server(root, DNS)
  await using vite = startVite('vite', root.dir)
  await vite.sees(new RegExp(`dns +${dns}/udp .*already running`))
})

test.skipIf(process.platform === 'win32')(
  'a socket of somebody else is leased at its path, stays out of the browser, and is recognised',
  async () => {
    using root = app(await freePort(), { api: { protocol: 'unix', path: 'run/api.sock' } })
    const path = join(root.dir, 'run/api.sock')
    {
      await using vite = startVite('vite', root.dir)
      const port = await localPort(vite)
      await vite.sees(new RegExp(`api +${path}`))
      expect(block(root)).toMatchObject({ API_SOCKET: path, API_URL: `unix:${path}` })
      expect(block(root)).not.toHaveProperty('VITE_API_SOCKET')
      expect(existsSync(path)).toBe(false)
      const module = await until(async () => {
        const main = await (await fetch(`http://localhost:${port}/main.js`)).text()
        const id = /from "([^"]*ports[^"]*)"/.exec(main)?.[1]
        return id && (await (await fetch(`http://localhost:${port}${id}`)).text())
      })
      expect(module).toContain(`"port": ${port}`)
      expect(module).not.toContain('"api"')
      expect(await whoHolds(`unix:${path}`)).toMatchObject({ state: 'leased', path })
    }
    {
      await using api = await server(root, API)
      {
        await using vite = startVite('vite', root.dir)
        await vite.sees(/api +[^]*already\s+running/)
      }
      await api.end('SIGKILL')
    }
    // What it left is in nobody's way.
    expect(existsSync(path)).toBe(true)
    await using vite = startVite('vite', root.dir)
    await localPort(vite)
    expect(existsSync(path)).toBe(false)
    await using _again = await server(root, API)
  },
)

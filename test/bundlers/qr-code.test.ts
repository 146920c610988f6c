import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { encode } from 'uqr'
import { expect, test } from 'vitest'
import { networkAddresses } from '../../src/net/network-addresses.ts'
import { renderQrSvg } from '../../src/output/qr-code.ts'
import { freePort } from '../_utils/sockets.ts'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { startNodeInTerminal, type Terminal } from '../_utils/terminal.ts'
import { until } from '../_utils/until.ts'
import { farmHost } from './_hosts/farm.ts'
import type { Host } from './_hosts/host.ts'
import { rsbuildHost } from './_hosts/rsbuild.ts'
import { rspackCliHost } from './_hosts/rspack.ts'
import { viteHost } from './_hosts/vite.ts'
import { webpackCliHost } from './_hosts/webpack.ts'
import { appOf } from './_suite.ts'

const [address] = networkAddresses({ host: undefined, address: undefined }, networkInterfaces())

/** How each host is started in a terminal, and what has to be typed there. */
const HOSTS: readonly { host: Host; key: string; args: readonly string[] }[] = [
  { host: viteHost, key: 'qr', args: ['vite/bin/vite.js'] },
  {
    host: webpackCliHost('webpack-dev-server'),
    key: 'q',
    args: ['webpack-cli/bin/cli.js', 'serve'],
  },
  { host: rspackCliHost, key: 'q', args: ['@rspack/cli/bin/rspack.js', 'serve'] },
  { host: rsbuildHost, key: 'qr', args: ['@rsbuild/core/bin/rsbuild.js', 'dev'] },
  { host: farmHost, key: 'q', args: ['@farmfe/cli/bin/farm.mjs', 'start'] },
]

function startHost(root: TempRoot, [bin = '', ...args]: readonly string[]): Terminal {
  const file = join(repo, 'node_modules', bin)
  return startNodeInTerminal([file, ...args], { cwd: root.dir, env: { CI: '' } })
}

test.skipIf(!address || process.platform === 'win32').each(HOSTS)(
  '$host.name: $key shows the network URL as a QR code',
  async ({ host, key, args }) => {
    const port = await freePort()
    using root = appOf(host, { server: { port, host: '0.0.0.0' } })
    await using terminal = startHost(root, args)
    if (key === 'q') await terminal.sees(new RegExp(`q \\+ enter shows http://${address}:${port}/`))
    else await until(() => /press h \+ enter/.test(terminal.output()))
    // Keys are bound when the line about them is printed, or just after.
    await until(async () => {
      terminal.type(`${key}\n`)
      return codes(terminal).length > 0
    })
    const { data } = encode(`http://${address}:${port}/`, { border: 2 })
    expect(codes(terminal)[0]).toEqual(data)
    const image = await fetch(`http://127.0.0.1:${port}/__ports/qr.svg`)
    expect(image.headers.get('content-type')).toBe('image/svg+xml')
    expect(await image.text()).toBe(await renderQrSvg(`http://${address}:${port}/`))
  },
)

test.skipIf(process.platform === 'win32').each(HOSTS)(
  '$host.name: a server that only this machine reaches has no such key',
  async ({ host, args }) => {
    const port = await freePort()
    using root = appOf(host, { server: { port, host: '127.0.0.1' } })
    await using terminal = startHost(root, args)
    await terminal.sees(/Ports:[^]*dev/)
    terminal.type('h\n')
    terminal.type('qr\n')
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(page.ok).toBe(true)
    expect((await fetch(`http://127.0.0.1:${port}/__ports/qr.svg`)).status).toBe(404)
    expect(terminal.output()).not.toMatch(/QR code/)
    expect(codes(terminal)).toEqual([])
  },
)

/** The QR codes that were shown, as squares: `true` is black. */
function codes(terminal: Terminal): boolean[][][] {
  const found: boolean[][][] = []
  let before = false
  for (const line of terminal.output().split(/\r?\n/)) {
    const squares = /^ {2}([█▀▄ ]{25,})$/.exec(line)?.[1]
    if (squares) {
      if (!before) found.push([])
      const upper = [...squares].map((square) => square === ' ' || square === '▄')
      const lower = [...squares].map((square) => square === ' ' || square === '▀')
      found.at(-1)?.push(upper, lower)
    }
    before = squares !== undefined
  }
  // The last row of characters may have half a row too many.
  return found.map((code) => code.slice(0, code[0]?.length))
}

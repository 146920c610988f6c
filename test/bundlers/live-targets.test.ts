import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { move } from '../../src/api.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { echo, get, refusal } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { checkout, startApi } from './_checkout.ts'
import { HOSTS, startVite } from './_in-process.ts'

/** The page is answered by the process, within the deadline. */
async function answeredBy(url: string, child: Child): Promise<void> {
  await until(
    async () => {
      const { status, text } = await get(url)
      return status === 200 && (JSON.parse(text) as { pid: number }).pid === child.pid
    },
    20_000,
    `${url} is answered by process ${child.pid}`,
  )
}

test.each(Object.entries(HOSTS))(
  '%s: an API that restarts on another port is followed, WebSockets too, and found again on its own',
  async (_, start) => {
    const [dev, last] = await freeRange(3)
    const [own, other] = [dev + 1, last]
    using root = checkout()
    await using first = await startApi(root, own, 'mine')
    const running = await start(root.dir, {
      summary: false,
      services: { dev, api: { preferred: own, proxy: '/api' } },
    })
    try {
      const url = `http://localhost:${running.port}/api/x`
      await answeredBy(url, first)
      await until(async () => (await echo(url, 'a')) === 'mine: a')
      await first.end()
      expect((await get(url)).status).toBe(502)

      await using moved = await startApi(root, other, 'mine')
      await answeredBy(url, moved)
      expect(await echo(url, 'b')).toBe('mine: b')

      await moved.end()
      await using back = await startApi(root, own, 'mine')
      await answeredBy(url, back)
      expect(await echo(url, 'c')).toBe('mine: c')
    } finally {
      await running.close()
    }
  },
)

describe('who is followed', () => {
  interface Case {
    readonly root: TempRoot
    readonly url: string
    /** The service's port, and others that are free. */
    readonly ports: readonly [own: number, ...others: number[]]
    readonly lines: readonly string[]
  }

  async function withVite(
    work: (given: Case) => Promise<void>,
    services: (ports: readonly number[]) => object = () => ({}),
  ): Promise<void> {
    const [dev] = await freeRange(6)
    const ports = [dev + 1, dev + 2, dev + 3, dev + 4, dev + 5] as const
    using root = checkout()
    const lines: string[] = []
    const running = await startVite(root.dir, lines, {
      summary: false,
      services: { dev, api: { preferred: ports[0], proxy: '/api' }, ...services(ports) },
    })
    try {
      await work({ root, ports, lines, url: `http://localhost:${running.port}/api/x` })
    } finally {
      await running.close()
    }
  }

  test('another program of the checkout is not, and neither is the port of another service', () =>
    withVite(
      async ({ root, url, ports: [own, free, admin], lines }) => {
        const first = await startApi(root, own, 'mine')
        await answeredBy(url, first)
        await first.end()
        await using _other = await startApi(root, free as number, 'something else')
        await using _admin = await startApi(root, admin as number, 'mine')
        for (let times = 0; times < 5; times++) {
          expect((await get(url)).status).toBe(502)
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
        expect(lines.join('\n')).not.toContain('instead of')
      },
      ([, , admin]) => ({ admin: { preferred: admin } }),
    ))

  test('two that could be it are not', () =>
    withVite(async ({ root, url, ports: [own, one, two] }) => {
      const first = await startApi(root, own, 'mine')
      await answeredBy(url, first)
      await first.end()
      await using _one = await startApi(root, one as number, 'mine')
      await using second = await startApi(root, two as number, 'mine')
      expect((await get(url)).status).toBe(502)
      // Only one is left, so it is certain which.
      await _one.end()
      await answeredBy(url, second)
    }))

  test('the same program of another checkout is not', () =>
    withVite(async ({ root, url, ports: [own, free] }) => {
      using other = checkout()
      const first = await startApi(root, own, 'mine')
      await answeredBy(url, first)
      await first.end()
      await using _foreign = await startApi(other, free as number, 'mine')
      expect((await get(url)).status).toBe(502)
    }))

  test('a living process that listens anew elsewhere is, and so are its children', () =>
    withVite(async ({ root, url, ports: [own, free, later], lines }) => {
      root.write({
        'wandering.mjs': `import { createServer } from 'node:http'
          import { spawn } from 'node:child_process'
          const answer = (request, response) => response.end(JSON.stringify({ pid: process.pid }))
          const listen = (port) => createServer(answer).listen(port, 'localhost', () => console.log('on ' + port))
          let server = listen(process.argv[2])
          process.stdin.on('data', (text) => {
            const [how, port] = String(text).trim().split(' ')
            server.closeAllConnections()
            server.close(() => {
              if (how === 'here') server = listen(port)
              else spawn(process.execPath, ['wandering.mjs', port], { stdio: ['ignore', 'inherit', 'inherit'] })
            })
          })`,
      })
      await using api = startNode(['wandering.mjs', String(own)], {
        cwd: root.dir,
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      await api.sees(new RegExp(`on ${own}`))
      await answeredBy(url, api)
      api.process.stdin?.write(`here ${free}\n`)
      await api.sees(new RegExp(`on ${free}`))
      await answeredBy(url, api)
      await until(() => lines.join('\n').includes(`listens on port ${free} instead of ${own}`))
      api.process.stdin?.write(`there ${later}\n`)
      await api.sees(new RegExp(`on ${later}`))
      await until(async () => (await get(url)).status === 200)
      const { pid } = JSON.parse((await get(url)).text) as { pid: number }
      expect(pid).not.toBe(api.pid)
      process.kill(pid, 'SIGKILL')
    }))

  test('a program that has reserved another port in the service’s name is', () =>
    withVite(async ({ root, url, ports: [, free], lines }) => {
      linkPackages(root.dir)
      root.write({
        'leased.mjs': `import { createServer } from 'node:http'
          import { reserve } from 'unplugin-ports/api'
          const { services } = await reserve({ services: { api: { preferred: ${free}, strict: true } } })
          const server = createServer((request, response) => response.end(JSON.stringify({ pid: process.pid })))
          server.on('listening', () => console.log('on', services.api.port))
          services.api.adoptInto(server)`,
      })
      await using api = startNode(['leased.mjs'], {
        cwd: root.dir,
        env: { API_PORT: String(free) },
      })
      await api.sees(/on \d+/)
      await answeredBy(url, api)
      expect(lines.join('\n')).toContain(`"api" listens on port ${free} instead of`)
    }))

  test('the server that still runs where the service was moved away from is not', () =>
    withVite(async ({ root, url, ports: [own, to] }) => {
      await using old = await startApi(root, own, 'mine')
      await answeredBy(url, old)
      await move('api', { root: root.dir, to: to as number })
      for (let times = 0; times < 5; times++) {
        expect((await get(url)).text).toContain(`nothing answers on port ${to}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await using next = await startApi(root, to as number, 'mine')
      await answeredBy(url, next)
    }))

  test('a foreign server on the own port is no hindrance', () =>
    withVite(async ({ root, url, ports: [own, free] }) => {
      using other = checkout()
      const first = await startApi(root, own, 'mine')
      await answeredBy(url, first)
      await first.end()
      await using _foreign = await startApi(other, own, 'theirs')
      await until(async () => (await get(url)).status === 502)
      await using mine = await startApi(root, free as number, 'mine')
      await answeredBy(url, mine)
    }))

  test('a program that was started for the service and pays no heed to its port is', () =>
    withVite(
      async ({ root, url, ports: [own, free], lines }) => {
        const { pid } = JSON.parse((await get(url)).text) as { pid: number }
        expect(lines.join('\n')).toContain(`"api" listens on port ${free} instead of ${own}`)
        expect(await echo(url, 'a')).toBe('deaf: a')
        // The next one listens where it should.
        root.write({ heeds: '' })
        process.kill(pid, 'SIGKILL')
        await until(async () => {
          const { status, text } = await get(url)
          return status === 200 && (JSON.parse(text) as { port: number }).port === own
        })
        expect(lines.join('\n')).toContain(`"api" is on port ${own} again`)
        expect(await echo(url, 'b')).toBe('deaf: b')
      },
      ([own, free]) => ({
        api: {
          preferred: own,
          proxy: '/api',
          command: [process.execPath, join(repo, 'test/fixtures/programs/deaf.mjs'), String(free)],
        },
      }),
    ))

  test('a program that was started for the service and has ended is told of, not waited for', () =>
    withVite(
      async ({ url }) => {
        await until(async () => {
          const { status, text } = await get(url)
          return (
            status === 502 && /`exit 7` is left alone \(has ended with exit code 7\)/.test(text)
          )
        })
        expect(await refusal(url)).toBe(502)
      },
      ([own]) => ({ api: { preferred: own, proxy: '/api', command: 'exit 7', restart: false } }),
    ))
})

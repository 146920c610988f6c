import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { freeRange } from '../_utils/sockets.ts'
import { linkPackages, repo, type TempRoot, tempRoot } from '../_utils/temp.ts'
import { copyFileSync, mkdirSync } from 'node:fs'

/** What the process of a session has open, after a garbage collection. */
export interface Sample {
  readonly heapMb: number
  readonly rssMb: number
  readonly fds: number
  /** Timers that keep the process alive. */
  readonly timers: number
  /** Everything that keeps the process alive, as `process.getActiveResourcesInfo()` counts it. */
  readonly resources: number
  /** Listeners of `process`. */
  readonly listeners: number
}

interface Orders {
  state: { services: string[]; processes: string[] }
  restart: undefined
  move: number
  sample: Sample
  close: undefined
}

/** A real Vite with services in a process of its own. */
export interface SoakApp extends AsyncDisposable {
  readonly root: TempRoot
  readonly url: string
  tell<Name extends keyof Orders>(order: Name): Promise<Orders[Name]>
  /** Writes `ports.config.json`, with one service more or without. */
  configure(extra: boolean): void
}

const API = `import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const server = createServer((request, response) => {
  if (request.url.startsWith('/api/crash')) process.exit(1)
  if (request.url.startsWith('/api/never')) return
  response.end(String(process.pid))
})
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data) => socket.send(String(data)))
})
server.listen(process.env.PORT)
`

/** Starts one in a directory of its own. */
export async function startApp(): Promise<SoakApp> {
  const [dev, last] = await freeRange(6)
  const root = tempRoot()
  const services = {
    api: {
      range: [dev + 1, last - 2],
      command: 'node api.mjs',
      proxy: '/api',
      health: { path: '/', intervalMs: 500 },
      // It is ended often here, and at once again.
      restart: {
        when: 'always',
        maxRetries: 1000,
        delayMs: 20,
        maxDelayMs: 100,
        resetAfterMs: 100,
      },
    },
    worker: {
      command: ['node', '-e', 'setInterval(() => console.log("tick"), 200)'],
      health: false,
    },
    db: { preferred: last - 1 },
  }
  const configure = (extra: boolean): void =>
    root.write({
      'ports.config.json': JSON.stringify({
        services: { ...services, ...(extra && { extra: { preferred: last } }) },
      }),
    })
  configure(false)
  mkdirSync(join(root.dir, 'node_modules'))
  linkPackages(root.dir, { vite: 'vite', ws: 'ws' })
  root.write({
    'package.json': '{ "type": "module" }',
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import { services } from '~ports'\nconsole.log(services)\n`,
    '.env': 'VITE_ROUND=0\n',
    'api.mjs': API,
  })
  // Beside the linked packages, so that it finds them.
  copyFileSync(join(repo, 'test/fixtures/programs/soak.mjs'), join(root.dir, 'soak.mjs'))
  const { VITEST: _v, NODE_ENV: _n, TEST: _t, CI: _c, ...env } = process.env
  const child = fork('soak.mjs', [String(dev)], {
    cwd: root.dir,
    env,
    execArgv: ['--expose-gc'],
    // What the services print is not worth keeping.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the session did not start')
    }),
  ])
  return {
    root,
    url: `http://localhost:${dev}`,
    configure,
    tell: teller(child),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      root[Symbol.dispose]()
    },
  }
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

function teller(child: ChildProcess): SoakApp['tell'] {
  let last = 0
  const waiting = new Map<number, (reply: Reply) => void>()
  child.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  child.once('exit', (code, signal) => {
    for (const [id, done] of waiting) done({ id, error: `the session ended: ${code ?? signal}` })
  })
  return (order) =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value as never)
        else reject(new Error(`${order}: ${error}`))
      })
      child.send({ id, order })
    })
}

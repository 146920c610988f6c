import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { freePort } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import type { Result, Row } from './_report.ts'
import { figures } from './_rounds.ts'

/** A bundler's command, and its config for a port and a list of plugins. */
interface Host {
  readonly title: string
  readonly command: readonly string[]
  /** Seen in its output when the server listens. */
  readonly listens: RegExp
  readonly configFile: string
  config(port: number, imports: string, plugins: string): string
  readonly files: Readonly<Record<string, string>>
}

const HOSTS: readonly Host[] = [
  {
    title: 'vite',
    command: [join(repo, 'node_modules/vite/bin/vite.js')],
    listens: /Local:/,
    configFile: 'vite.config.mjs',
    config: (port, imports, plugins) =>
      `${imports}\nexport default { server: { port: ${port} }, plugins: [${plugins}] }\n`,
    files: {
      'index.html': '<script type="module" src="/src/index.js"></script>',
      'src/index.js': 'console.log(1)\n',
    },
  },
  {
    title: 'webpack serve',
    command: [join(repo, 'node_modules/webpack/bin/webpack.js'), 'serve'],
    listens: /compiled/,
    configFile: 'webpack.config.mjs',
    config: (port, imports, plugins) =>
      `${imports}\nexport default { mode: 'development', devServer: { port: ${port} }, plugins: [${plugins}] }\n`,
    files: { 'src/index.js': 'console.log(1)\n' },
  },
]

const ROUNDS = 12

/** A dev server's start, from its process to listening: alone, with unplugin loaded, with this plugin. */
export async function* devStart(): AsyncGenerator<Result> {
  for (const host of HOSTS) {
    using root = tempRoot()
    linkPackages(root.dir, { vite: 'vite' })
    root.write({ 'package.json': '{ "type": "module" }', ...host.files })
    const port = await freePort()
    const entry = host.title === 'vite' ? 'vite' : 'webpack'
    const configs: Readonly<Record<string, string>> = {
      'without a plugin': host.config(port, '', ''),
      'with unplugin loaded': host.config(
        port,
        `import ${JSON.stringify(import.meta.resolve('unplugin'))}`,
        '',
      ),
      'with unplugin-ports': host.config(
        port,
        `import ports from 'unplugin-ports/${entry}'`,
        'ports()',
      ),
    }
    const samples = new Map(Object.keys(configs).map((name) => [name, [] as number[]]))
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, config] of Object.entries(configs)) {
        root.write({ [host.configFile]: config })
        const took = await start(host, root.dir)
        if (round > 0) samples.get(name)?.push(took)
      }
    }
    const [alone, loaded, own] = figures(samples)
    yield {
      title: `From process start to listening: ${host.title}`,
      rows: [alone, loaded, own].flatMap((each): Row[] =>
        each
          ? [
              {
                name: each.name,
                'median ms': each.median,
                'beyond the line above, ms':
                  each === own
                    ? each.median - (loaded?.median ?? 0)
                    : each.median - (alone?.median ?? 0),
              },
            ]
          : [],
      ),
    }
  }
}

/** Milliseconds until the server listens. It has ended when this resolves. */
async function start(host: Host, cwd: string): Promise<number> {
  const before = performance.now()
  const child = spawn(process.execPath, host.command, {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const took = await new Promise<number>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString()
      if (host.listens.test(output)) resolve(performance.now() - before)
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('exit', () => reject(new Error(`it ended:\n${output}`)))
  })
  child.removeAllListeners('exit')
  child.kill('SIGKILL')
  await once(child, 'close')
  return took
}

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Run } from '../adapter.ts'
import type { AnyCompiler, DevServer, DevServerClass } from './types.ts'

/** A plugin of one compiler that waits for dev servers. */
export interface DevServerListener {
  /** How surely the server is the one that this compiler's ports were chosen for; the highest bid gets it. */
  bid(server: DevServer): number
  /** Called with the server before it looks at its options. */
  give(server: DevServer): Promise<Run | undefined>
  /** A server that also serves this compiler has got its ports from another one's plugin. */
  see(run: Run): void
}

const LOGGER_NAMES = new Set(['webpack-dev-server', 'rspack-dev-server'])
const PATCHED = Symbol.for('unplugin-ports.dev-server')

/** Shared by every copy of this package, since the patched classes are. */
interface Listeners {
  [PATCHED]?: WeakMap<AnyCompiler, DevServerListener>
}

/**
 * Tells `listener` of every dev server that is made with `compiler`, however it is made: by
 * `webpack serve`, as a plugin, or with the Node interface, where no config names it.
 *
 * A dev server asks its compiler for a logger when it is made or applied. That is the moment at
 * which its class is found, on the stack, and its start is wrapped.
 *
 * @returns Whether it is told; a compiler has one listener, the first one.
 */
export function onDevServer(compiler: AnyCompiler, listener: DevServerListener): boolean {
  const listeners = allListeners()
  if (listeners.has(compiler)) return false
  listeners.set(compiler, listener)
  watchLogger(compiler)
  // Several compilers are asked as one, and that one asks only the first.
  const many = compiler.webpack?.MultiCompiler?.prototype
  if (many && !(PATCHED in many)) {
    Object.defineProperty(many, PATCHED, { value: true })
    watchLogger(many)
  }
  return true
}

function watchLogger(compiler: Pick<AnyCompiler, 'getInfrastructureLogger'>): void {
  const { getInfrastructureLogger } = compiler
  compiler.getInfrastructureLogger = function (this: AnyCompiler, name) {
    if (LOGGER_NAMES.has(name)) wrapClass(findClass(callers()))
    return getInfrastructureLogger.call(this, name)
  }
}

function allListeners(): WeakMap<AnyCompiler, DevServerListener> {
  const holder = globalThis as Listeners
  holder[PATCHED] ??= new WeakMap()
  return holder[PATCHED]
}

/** Version 6 compiles between `setup` and `listen`; the others do everything in `start`. */
function wrapClass(found: DevServerClass | undefined): void {
  if (!found || PATCHED in found.prototype) return
  const method = typeof found.prototype.setup === 'function' ? 'setup' : 'start'
  const original = found.prototype[method] as (...args: unknown[]) => Promise<void>
  Object.defineProperty(found.prototype, PATCHED, { value: true })
  found.prototype[method] = async function (this: DevServer, ...args: unknown[]): Promise<void> {
    await announce(this)
    return original.apply(this, args)
  }
}

/** Gives the server to one listener, however many of its compilers have the plugin. */
async function announce(server: DevServer): Promise<void> {
  const compilers = server.compiler.compilers ?? [server.compiler]
  const listeners = compilers.flatMap((compiler) => allListeners().get(compiler) ?? [])
  // The first of equals, since the sort keeps their order.
  const [best] = listeners.toSorted((a, b) => b.bid(server) - a.bid(server))
  const run = await best?.give(server)
  if (run) for (const listener of listeners) listener.see(run)
}

/** The files of the two nearest callers outside this one. */
function callers(): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 8
    Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName())
    const files = new Error().stack as unknown as (string | null | undefined)[]
    const others = files.flatMap((file) => (file && file !== files[0] ? [file] : []))
    return [...new Set(others)].slice(0, 2)
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The dev server class in modules that are loaded already, since they are calling. */
function findClass(files: readonly string[]): DevServerClass | undefined {
  for (const file of files) {
    try {
      const path = file.startsWith('file:') ? fileURLToPath(file) : file
      const loaded = createRequire(path)(path) as Record<string, unknown>
      const found = [loaded, ...Object.values(loaded)].find(isDevServerClass)
      if (found) return found
    } catch {
      // A file that can't be required is not the dev server's.
    }
  }
  return undefined
}

function isDevServerClass(value: unknown): value is DevServerClass {
  return typeof value === 'function' && 'getFreePort' in value && 'getHostname' in value
}

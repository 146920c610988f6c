import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import colors from 'picocolors'

/**
 * A Node program that runs beside the bundler, its lines marked with its name.
 *
 * It has an IPC channel for one reason: however this process dies, the channel closes, and the
 * program ends itself when it sees that.
 *
 * @param {string} name Mark of its lines.
 * @param {string} file
 * @param {(how: string) => void} onDeath Called when it ends without having been stopped.
 */
export function startChild(name, file, onDeath) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const say = (line) => console.log(`  ${colors.cyan(name)}  ${line}`)
  createInterface({ input: child.stdout }).on('line', say)
  createInterface({ input: child.stderr }).on('line', (line) => say(colors.yellow(line)))
  return supervise(child, onDeath)
}

/**
 * The command of an installed package, as `npx` runs it: its output and its colours are untouched.
 *
 * @param {{ bin: string, args: readonly string[], cwd: string }} command `bin` is the script's file.
 * @param {(how: string) => void} onDeath Called when it ends without having been stopped.
 */
export function startBin({ bin, args, cwd }, onDeath) {
  // A bundler doesn't know of the channel, so a module that is loaded before it listens there.
  const preload = new URL('end-with-parent.mjs', import.meta.url).href
  const child = spawn(process.execPath, ['--import', preload, bin, ...args], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A terminal's Ctrl-C would reach it beside the signal of stop(), and twice means at once.
    detached: process.platform !== 'win32',
  })
  return supervise(child, onDeath)
}

function supervise(child, onDeath) {
  const ended = once(child, 'close')
  let stopping = false
  ended.then(
    ([code, signal]) =>
      stopping || onDeath(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    (error) => onDeath(`could not be started: ${error.message}`),
  )
  return {
    pid: child.pid,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    /** Resolves when it is gone. */
    async stop() {
      stopping = true
      child.kill()
      await ended.catch(() => {})
    },
  }
}

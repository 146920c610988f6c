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
  const ended = once(child, 'close')
  const say = (line) => console.log(`  ${colors.cyan(name)}  ${line}`)
  createInterface({ input: child.stdout }).on('line', say)
  createInterface({ input: child.stderr }).on('line', (line) => say(colors.yellow(line)))
  let stopping = false
  ended.then(
    ([code, signal]) =>
      stopping || onDeath(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    (error) => onDeath(`could not be started: ${error.message}`),
  )
  return {
    say,
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

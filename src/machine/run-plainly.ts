import { spawn } from 'node:child_process'
import { commandLine, type Command } from '../child/command-line.ts'
import { exitCode, passSignals } from '../child/signals.ts'
import type { SessionWorld } from '../session/world.ts'

/**
 * Runs a command as if it had been typed, with the world's environment; signals are passed on.
 *
 * @returns Its exit code; 128 and the signal's number after a signal.
 * @throws The system's error when it can't be started.
 */
export async function runPlainly(
  command: Command,
  { env, cwd, place }: Pick<SessionWorld, 'env' | 'cwd' | 'place'>,
): Promise<number> {
  const { file, args, verbatim } = commandLine(command, place.platform, env.ComSpec)
  const child = spawn(file, args, {
    cwd,
    env,
    stdio: 'inherit',
    windowsVerbatimArguments: verbatim ?? false,
  })
  using _signals = passSignals(process, (signal) => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(exitCode(code, signal)))
  })
}

import type { SpawnOptions } from 'node:child_process'
import { type Child, start } from './children.ts'
import { cliFile } from './cli.ts'

/** A program in a terminal of its own. */
export interface Terminal extends Child {
  /** Types on its keyboard. */
  type(keys: string): void
  /** What it showed, control sequences included. */
  raw(): string
}

/** 24 rows of 80 columns; the exit code of the program is this one's. */
const SCRIPT = `import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
inputs = [fd, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 1024)
        if not data:
            inputs.remove(0)
        else:
            os.write(fd, data)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))`

/** Runs the built `ports` in a terminal, which Python's `pty` makes. */
export function startInTerminal(args: readonly string[], options: SpawnOptions = {}): Terminal {
  return startNodeInTerminal([cliFile, ...args], options)
}

/** Runs a Node program in a terminal. */
export function startNodeInTerminal(args: readonly string[], options: SpawnOptions = {}): Terminal {
  let text = ''
  const child = start('python3', ['-c', SCRIPT, process.execPath, ...args], {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { TERM: 'xterm', ...options.env },
  })
  child.process.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return Object.assign(child, {
    type: (keys: string) => void child.process.stdin?.write(keys),
    raw: () => text,
  })
}

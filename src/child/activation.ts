import type { HandedPort } from './handed-port.ts'
import type { CommandLine } from './command-line.ts'

/** How a program with socket activation is started. */
export interface Activation {
  readonly line: CommandLine
  readonly env: Readonly<Record<string, string>>
  /** What follows stdin, stdout and stderr in `stdio`: systemd's sockets begin at 3. */
  readonly fds: readonly number[]
}

/**
 * Starts a program the way systemd does for sockets: from descriptor 3 on, with `LISTEN_FDS`,
 * `LISTEN_FDNAMES` and its own number in `LISTEN_PID`, which a shell puts there before it becomes
 * the program.
 *
 * @returns `undefined` where descriptors can't be passed on.
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
 */
export function activate(line: CommandLine, ports: readonly HandedPort[]): Activation | undefined {
  const fds: number[] = []
  for (const { socket } of ports) {
    if (!socket) return undefined
    // systemd gives sockets on which `accept` waits; programs that want another kind change it.
    socket.setBlocking(true)
    fds.push(socket.fd)
  }
  return {
    line: {
      file: '/bin/sh',
      args: ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', line.file, ...line.args],
    },
    env: {
      LISTEN_FDS: String(fds.length),
      LISTEN_FDNAMES: ports.map(({ reservation }) => fdName(reservation.service)).join(':'),
    },
    fds,
  }
}

/** Names are separated by colons, and control characters are not allowed. */
function fdName(service: string): string {
  return service.replaceAll(':', '-')
}

import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Waits for the end of its input. `done` means that everything went well; an end without it means
 * that the one who held the other side has vanished, and that nobody else will end the program. What
 * it is, it is told as soon as that is known; where processes show their environment, the program is
 * known by its mark as well: nobody can tell it anything between its start and its number.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
mark=$1 root= since=
born() { ps -o lstart= -p "$1" 2>/dev/null; }
tree() { for c in $(ps -A -o pid= -o ppid= | awk -v p="$1" '$2 == p { print $1 }'); do tree "$c"; done; echo "$1"; }
marked() { grep -lsF "$mark" /proc/[0-9]*/environ | cut -d / -f 3; }
program() {
  { [ -n "$since" ] && [ "$(born "$root")" = "$since" ] && tree "$root"; marked; } | awk '!seen[$0]++'
}
while read -r word pid; do
  [ "$word" = done ] && exit
  root=$pid since=$(born "$pid")
done
all=$(program)
[ -n "$all" ] || { sleep 0.3; all=$(program); }
[ -n "$all" ] || exit
kill -TERM $all 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.3
  kill -0 $all 2>/dev/null || exit
done
kill -KILL $all 2>/dev/null
`

/** Ends a program when this process has vanished. */
export interface Watch extends Disposable {
  /** The program's first process. */
  over(pid: number): void
  /** The program has ended: nothing is watched any more. Idempotent. */
  [Symbol.dispose](): void
}

/**
 * Starts a small process that ends a program should this process vanish without a chance to do so
 * itself (SIGKILL, a crash). To be called before the program is started. POSIX only: Windows' job
 * objects can't be had from Node.
 *
 * @param mark `NAME=value` of a variable that only this program's processes have.
 */
export function watchFor(mark: string, platform: NodeJS.Platform): Watch {
  if (platform === 'win32') return { over() {}, [Symbol.dispose]() {} }
  let watch: ChildProcess | undefined = spawn('/bin/sh', ['-c', SCRIPT, 'ports', mark], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // `ps` must not speak the user's language, and the preload is none of its business.
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
  })
  // Without a shell there is no watch; the program runs all the same.
  watch.on('error', () => {})
  watch.stdin?.on('error', () => {})
  watch.unref()
  const { stdin } = watch
  if (stdin && 'unref' in stdin) (stdin as { unref(): void }).unref()
  return {
    over: (pid) => void stdin?.write(`program ${pid}\n`),
    [Symbol.dispose]() {
      watch?.stdin?.end('done\n')
      watch = undefined
    },
  }
}

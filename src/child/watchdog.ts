import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Waits for the end of its input. `done` means that everything went well; an end without it means
 * that the one who held the other side has vanished, and that nobody else will end the program.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
born() { ps -o lstart= -p "$1" 2>/dev/null; }
tree() { for c in $(ps -A -o pid= -o ppid= | awk -v p="$1" '$2 == p { print $1 }'); do tree "$c"; done; echo "$1"; }
root=$1
since=$(born "$root")
read -r line && [ "$line" = done ] && exit
[ -n "$since" ] && [ "$(born "$root")" = "$since" ] || exit
all=$(tree "$root")
kill -TERM $all 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.3
  kill -0 $all 2>/dev/null || exit
done
kill -KILL $all 2>/dev/null
`

/**
 * Starts a small process that ends the tree of `pid` should this process vanish without a chance to
 * do so itself (SIGKILL, a crash). POSIX only: Windows' job objects can't be had from Node.
 *
 * @returns Ends the watch; to be called when the program has ended. Idempotent.
 */
export function watchOver(pid: number, platform: NodeJS.Platform): Disposable {
  if (platform === 'win32') return { [Symbol.dispose]() {} }
  let watch: ChildProcess | undefined = spawn('/bin/sh', ['-c', SCRIPT, 'ports', String(pid)], {
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
    [Symbol.dispose]() {
      watch?.stdin?.end('done\n')
      watch = undefined
    },
  }
}

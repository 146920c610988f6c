import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from './exit-codes.ts'
import type { Io } from './io.ts'
import { keyboard } from './keyboard.ts'

/** Time between two looks, in milliseconds. */
const INTERVAL_MS = 1000
/** The terminal's second screen, so that what was there before comes back at the end. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** Prints a line for every change, until somebody interrupts. */
export async function watchLines(look: () => Promise<string>, io: Io): Promise<number> {
  const interrupt = onInterrupt()
  let last = ''
  while (!interrupt.signal.aborted) {
    const line = await look()
    if (line !== last) io.write(`${line}\n`)
    last = line
    await pause(interrupt.signal)
  }
  return EXIT.interrupted
}

/** Shows lines on the whole screen and keeps them fresh, until `q` or an interrupt. */
export async function watchScreen(look: () => Promise<string[]>, io: Io): Promise<number> {
  const interrupt = onInterrupt()
  const keys = listenForKeys(interrupt)
  const leave = (): void => io.write(LEAVE)
  // Also when something throws: nobody wants a terminal without a cursor.
  process.once('exit', leave)
  io.write(ENTER)
  try {
    while (!interrupt.signal.aborted) {
      const lines = await look()
      if (interrupt.signal.aborted) break
      const most = io.rows - 2
      const hidden = lines.length - most
      const shown = hidden > 0 ? [...lines.slice(0, most - 1), `… ${hidden + 1} more lines`] : lines
      const screen = [...shown, '', io.colors.dim('q quits')]
      io.write(HOME + screen.map((line) => `${line}${CLEAR_LINE}\r\n`).join('') + CLEAR_BELOW)
      await pause(interrupt.signal)
    }
  } finally {
    process.off('exit', leave)
    leave()
    keys[Symbol.dispose]()
  }
  return interrupt.signal.reason === QUIT ? EXIT.ok : EXIT.interrupted
}

const QUIT = 'quit'
const ESCAPE = '\u001b'

function onInterrupt(): AbortController {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => controller.abort(signal))
  }
  return controller
}

function listenForKeys(interrupt: AbortController): Disposable {
  if (!process.stdin.isTTY) return { [Symbol.dispose]() {} }
  return keyboard((key) => {
    if (key === '\u0003') interrupt.abort('SIGINT')
    else if (key === ESCAPE || /q/i.test(key)) interrupt.abort(QUIT)
  })
}

function pause(signal: AbortSignal): Promise<void> {
  // An interrupt ends the pause, and the loop looks at the signal next.
  return delay(INTERVAL_MS, undefined, { signal }).catch(() => {})
}

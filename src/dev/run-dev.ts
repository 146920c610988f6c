import type { SessionWorld } from '../session/world.ts'
import { keepAlive } from '../utils/keep-alive.ts'
import { isSwitchedOff } from '../utils/switched-off.ts'
import { PortsOptionError } from '../errors.ts'
import { DevSession, type DevDisplay } from './dev-session.ts'
import { followDevConfig } from './follow.ts'
import { actionFor } from './keyboard.ts'
import { openUrl } from './open-url.ts'
import { devOptions, type DevQuestions } from './options.ts'
import type { Selection } from './select.ts'
import type { Terminal } from './terminal.ts'

/** What `ports dev` was asked for. */
export interface DevRequest extends Selection, DevDisplay {
  /** Absent when nobody can be asked. */
  readonly questions: DevQuestions | undefined
}

/** How a `ports dev` ended. */
export type DevEnd =
  /** Somebody wanted it to end, or everything has ended well. */
  | 'quit'
  /** Ctrl-C. */
  | 'interrupted'
  /** Everything that it started has ended, and something has failed. */
  | 'failed'
  /** Everything runs in this checkout already. */
  | 'running'
  /** Somebody was asked what to start, and wants nothing. */
  | 'nothing'

/**
 * Starts a project's services and stays with them until they have ended, or somebody wants that.
 * Nothing is left of them then.
 *
 * @throws PortsOptionError and PortsError as options and allocations do.
 */
export function runDev(
  request: DevRequest,
  terminal: Terminal,
  world: SessionWorld,
): Promise<DevEnd> {
  // Timers and children of ours do not keep the process alive.
  return keepAlive(runUntilEnd(request, terminal, world))
}

async function runUntilEnd(
  request: DevRequest,
  terminal: Terminal,
  world: SessionWorld,
): Promise<DevEnd> {
  if (isSwitchedOff(world.env)) {
    throw new PortsOptionError('PORTS=0 switches everything off; unset it to start services.')
  }
  let end = (_how: DevEnd): void => {}
  const ended = new Promise<DevEnd>((resolve) => {
    end = resolve
  })
  const endAtRest = (): void => {
    const states = session.processes().map(({ state }) => state)
    const resting = states.every((state) => state === 'stopped' || state === 'failed')
    // Somebody at the keyboard may want to see why, mend it, and start it again.
    if (!resting || states.length === 0 || terminal.isInteractive) return
    end(states.includes('failed') ? 'failed' : 'quit')
  }
  const session = new DevSession(request, request, terminal, world, endAtRest)
  const asked = await devOptions(world, request.questions, (text) => session.say(text))
  if (!asked) return 'nothing'
  const { root, found } = asked
  await session.reserve(found, root)
  using _signals = onEndingSignals(world, (signal) => {
    end(signal === 'SIGINT' ? 'interrupted' : 'quit')
  })
  let stopFollowing = (): void => {}
  try {
    await session.printSummary()
    const elsewhere = session.allElsewhere
    if (elsewhere.length > 0) {
      const { alreadyRunning } = await import('./already-running.ts')
      session.say(await alreadyRunning(elsewhere, world))
      return 'running'
    }
    await session.start()
    stopFollowing = followDevConfig(session, asked)
    using _keys = terminal.readKeys((key) => onKey(key, session, world, end))
    endAtRest()
    session.screen.refresh()
    return await ended
  } finally {
    stopFollowing()
    await session.close()
  }
}

function onKey(
  key: string,
  session: DevSession,
  world: SessionWorld,
  end: (how: DevEnd) => void,
): void {
  const names = session.processes().map(({ service }) => service)
  const action = actionFor(key, session.question, names)
  session.question = action.do === 'ask' ? action.question : undefined
  const open = (path: string): void => {
    const { url } = session
    if (url === undefined) return session.say('no service here has a page.')
    void openUrl(url + path, world.place.platform, world.env).then(
      (problem) => problem && session.say(problem),
    )
  }
  switch (action.do) {
    case 'quit':
      return end('quit')
    case 'interrupt':
      return end('interrupted')
    case 'open':
      return open('/')
    case 'status':
      return open('/__ports/')
    case 'restart':
      void session.restart(action.services)
      break
    default:
  }
  session.screen.refresh()
}

function onEndingSignals(
  { process }: SessionWorld,
  end: (signal: NodeJS.Signals) => void,
): Disposable {
  let times = 0
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const listener = (): void => {
      times++
      // Whoever is in a hurry need not wait: each program's watchdog ends what is left of it.
      if (times > 1) process.kill(process.pid, 'SIGKILL')
      end(signal)
    }
    process.on(signal, listener)
    return [signal, listener] as const
  })
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) process.off(signal, listener)
    },
  }
}

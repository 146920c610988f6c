import { connect, type Socket } from 'node:net'
import {
  type Answer,
  type Ask,
  type HandoverNote,
  MAX_LINE,
  type Report,
} from '../child/protocol.ts'
import { connectForSockets, type RawSocket, receivedSocket } from '../net/pass-socket.ts'

/** A holder that does not answer in this time is stopped or gone, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000

/** The connection to the holder; open for as long as the server listens. */
export interface Link {
  /** Tells what became of a bind of one's own. */
  report(report: Report): void
  /** The server has closed. */
  end(): void
  unref(): void
}

/** What the holder said, or `'nobody'` when none could be reached. */
export type HolderSays =
  { readonly do: 'adopt'; readonly raw: RawSocket } | { readonly do: 'bind' } | 'nobody'

/**
 * Asks the holder for a held socket.
 *
 * @param answered Called once.
 * @param vanished Called when the holder has gone without our ending the link, after the answer.
 */
export function askHolder(
  note: HandoverNote,
  request: Pick<Ask, 'port' | 'address' | 'own'>,
  answered: (says: HolderSays, link: Link) => void,
  vanished: () => void,
): Link {
  const path = note.control
  const ask: Ask = { ...request, token: note.token, pid: process.pid }
  if (!ask.own) {
    try {
      return converse(connectForSockets(path), ask, answered, vanished)
    } catch {
      // Node's parts have changed: the holder lets go instead.
    }
  }
  return converse(connect(path), { ...ask, own: true }, answered, vanished)
}

function converse(
  socket: Socket,
  ask: Ask,
  answered: (says: HolderSays, link: Link) => void,
  vanished: () => void,
): Link {
  let text = ''
  let raw: RawSocket | undefined
  let ended = false
  let done = false
  const link: Link = {
    report: ({ bound }) => {
      const line = `${JSON.stringify({ bound } satisfies Report)}\n`
      if (bound) socket.write(line)
      else {
        ended = true
        socket.end(line)
      }
    },
    end: () => {
      ended = true
      socket.destroy()
    },
    unref: () => void socket.unref(),
  }
  const answer = (says: HolderSays): void => {
    if (done) return
    done = true
    clearTimeout(timer)
    answered(says, link)
  }
  const timer = setTimeout(() => socket.destroy(), ANSWER_TIMEOUT_MS)
  timer.unref()
  socket.setEncoding('utf8')
  socket.on('connect', () => socket.write(`${JSON.stringify(ask)}\n`))
  socket.on('data', (chunk: string) => {
    raw ??= receivedSocket(socket)
    // All that comes after the answer is the holder's farewell.
    if (done) ended = true
    if (done) return
    text += chunk
    if (!text.includes('\n') && text.length < MAX_LINE) return
    const said = parse(text)
    if (said === 'adopt' && raw) answer({ do: 'adopt', raw })
    else answer({ do: 'bind' })
  })
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.destroy())
  socket.on('close', () => {
    if (!done) answer('nobody')
    else if (!ended) vanished()
  })
  return link
}

function parse(text: string): Answer['do'] | undefined {
  try {
    return (JSON.parse(text.split('\n', 1)[0] ?? '') as Answer).do
  } catch {
    return undefined
  }
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { hold } from '../_utils/held-program.ts'
import { hasIPv6 } from '../_utils/sockets.ts'

const SERVER = (listen: string): string[] => [
  '--input-type=module',
  '-e',
  `import { createServer } from 'node:http'
  const answer = (request, response) => response.setHeader('connection', 'close').end('served')
  createServer(answer).listen(${listen})`,
]

const OTHER_SOCKETS: [what: string, listen: string][] = [
  ['all interfaces', 'Number(process.env.PORT)'],
  ['a socket of its own', '{ port: process.env.PORT, host: "127.0.0.1", reusePort: true }'],
  ...(hasIPv6 ? ([['the other loopback', 'process.env.PORT, "::1"']] as [string, string][]) : []),
]

test.for(OTHER_SOCKETS)(
  'who waits in the queue of the held socket gets to a server on %s',
  async ([, listen]) => {
    await using held = await hold('127.0.0.1')
    // Nobody accepts them here: they are in the kernel's hands.
    const early = Array.from({ length: 20 }, () => connect(held.port, '127.0.0.1'))
    await Promise.all(early.map((socket) => once(socket, 'connect')))
    const answers = Promise.all(early.map(answerOf))
    held.start(process.execPath, SERVER(listen))
    expect((await answers).filter((text) => text.endsWith('served'))).toHaveLength(early.length)
  },
)

async function answerOf(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string
  return text
}

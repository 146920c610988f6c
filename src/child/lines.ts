import type { Socket } from 'node:net'
import { MAX_LINE } from './protocol.ts'

/** Calls `onLine` for every line that arrives; whoever sends a longer one is cut off. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > MAX_LINE) {
      socket.destroy()
      return
    }
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  socket.resume()
}

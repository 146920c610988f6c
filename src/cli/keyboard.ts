/**
 * Calls `onKey` for each key that is typed on stdin, a terminal, until disposed of. Ctrl-C comes as a
 * key, `\u0003`, because the terminal makes no signal of it meanwhile.
 */
export function keyboard(onKey: (key: string) => void): Disposable {
  const { stdin } = process
  const onData = (chunk: Buffer): void => {
    const text = chunk.toString()
    // An arrow and the like are one key.
    for (const key of text.startsWith('\u001b') ? [text] : text) onKey(key)
  }
  stdin.setRawMode(true)
  stdin.on('data', onData)
  stdin.resume()
  return {
    [Symbol.dispose]() {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}

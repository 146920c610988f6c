import { pathToFileURL } from 'node:url'

/** Whether the error tells a line of `file`. */
export function isLocated(error: unknown, file: string): boolean {
  return lineInStack(error, file) !== undefined
}

/**
 * The line of `file` at which `error` was thrown, or which can't be parsed; counted from 1.
 *
 * @returns `undefined` when the error tells none of this file.
 */
export function lineInStack(error: unknown, file: string): number | undefined {
  const text = error instanceof Error ? `${error.message}\n${error.stack}` : ''
  for (const name of [pathToFileURL(file).href, file]) {
    // `file:///…?t=1:12:3` of modules that were loaded again has a query in between.
    const place = new RegExp(`${escaped(name)}(?:\\?[^\\s:]*)?:(\\d+)`).exec(text)
    if (place) return Number(place[1])
  }
  return undefined
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}

/** White squares on black, whatever the terminal's own colours are: cameras want dark on light. */
const WHITE_ON_BLACK = '\u001B[38;5;231;48;5;16m'
const RESET = '\u001B[0m'

/**
 * A QR code of `text` for a terminal, half a character for each square, with the margin that
 * cameras need; without a line break at its end.
 *
 * @param colors Whether the terminal shows colours; without them the code is right on dark ones.
 */
export async function renderQrText(text: string, colors: boolean): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(text, { border: 2 }).trimEnd().split('\n')
  return lines.map((line) => `  ${colors ? `${WHITE_ON_BLACK}${line}${RESET}` : line}`).join('\n')
}

/**
 * A QR code of `text` as the source of an SVG image, black on white in both themes, with nothing in
 * it that a Content Security Policy could refuse. It has no size of its own.
 */
export async function renderQrSvg(text: string): Promise<string> {
  const { renderSVG } = await import('uqr')
  return renderSVG(text, { border: 2, pixelSize: 1 })
}

const COUNT = 48

/**
 * Draws the newest values as bars in `box`, which is decoration: the number beside it says the same.
 *
 * @returns Adds a value on the right.
 */
export function createBars(box: HTMLElement): (value: number) => void {
  const bars = Array.from({ length: COUNT }, () => document.createElement('i'))
  const values: number[] = []
  box.replaceChildren(...bars)
  return (value) => {
    values.push(value)
    if (values.length > COUNT) values.shift()
    // The scale follows the usual value, so that one slow answer doesn't flatten all others.
    const usual = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? value
    for (const [index, one] of values.entries()) {
      const share = Math.min(1, one / (usual * 2))
      bars[COUNT - values.length + index]?.style.setProperty('--value', share.toFixed(3))
    }
  }
}

/** Fails for inputs that begin with `fuz!`, which nobody finds by chance alone. */
export function readPlanted(text: string): string {
  if (text[0] === 'f') {
    if (text[1] === 'u') {
      if (text[2] === 'z') {
        if (text[3] === '!') throw new RangeError('the planted defect')
        return 'three'
      }
      return 'two'
    }
    return 'one'
  }
  return 'none'
}

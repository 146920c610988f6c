import type colors from 'picocolors'

type Colors = Pick<
  ReturnType<typeof colors.createColors>,
  'cyan' | 'magenta' | 'green' | 'yellow' | 'blue' | 'isColorSupported'
>
const COLORS = ['cyan', 'magenta', 'green', 'yellow', 'blue'] as const

/** Gives each service the mark before its lines, `[api]`, in a colour of its own as long as there are any. */
export class Prefixes {
  readonly #colors: Colors
  readonly #names: string[] = []

  constructor(palette: Colors) {
    this.#colors = palette
  }

  /** The service's mark; the same whenever it is asked for. */
  of(service: string): string {
    if (!this.#names.includes(service)) this.#names.push(service)
    const color = COLORS[this.#names.indexOf(service) % COLORS.length] ?? 'cyan'
    return this.#colors[color](`[${service}]`)
  }
}

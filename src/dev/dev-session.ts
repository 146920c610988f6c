import { isAbsolute, join } from 'node:path'
import type { EffectiveOptions } from '../config/effective-options.ts'
import { entryOf } from '../options/dependencies.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { renderSummary, type SummaryRow } from '../output/summary.ts'
import { describeHolders } from '../reservation/holders.ts'
import type { SessionUse } from '../reservation/session.ts'
import type { ProcessLine } from '../session/processes/context.ts'
import { Prefixes } from '../session/processes/prefix.ts'
import { startForProgram } from '../session/program-processes.ts'
import { openServices } from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { ServiceProcess } from '../types.ts'
import type { RunningService } from './already-running.ts'
import { LogFiles } from './log-files.ts'
import { Screen } from './screen.ts'
import { type Selection, selectServices } from './select.ts'
import { type Question, renderStatusLine } from './status-line.ts'
import type { Terminal } from './terminal.ts'

/** How a `ports dev` shows itself. */
export interface DevDisplay {
  /** Lines of the processes without their service's name. */
  readonly raw: boolean
  /** Directory for a file of lines per service; `undefined` for none. */
  readonly logs: string | undefined
}

/** Processes that run, with the ports that are held for them, until it is closed. */
export class DevSession {
  readonly screen: Screen
  /** What the keyboard is asked. */
  question: Question
  readonly #selection: Selection
  readonly #world: SessionWorld
  readonly #terminal: Terminal
  readonly #display: DevDisplay
  readonly #prefixes: Prefixes
  readonly #logs: LogFiles | undefined
  /** Called when a process is in another state. */
  readonly #onChange: () => void
  #use: SessionUse | undefined
  #services: readonly ResolvedService[] = []
  #printed = ''

  constructor(
    selection: Selection,
    display: DevDisplay,
    terminal: Terminal,
    world: SessionWorld,
    onChange: () => void,
  ) {
    this.#selection = selection
    this.#display = display
    this.#terminal = terminal
    this.#world = world
    this.#onChange = onChange
    this.#prefixes = new Prefixes(terminal.colors)
    this.screen = new Screen(terminal, () =>
      renderStatusLine(this.processes(), this.question, terminal.columns, terminal.colors),
    )
    const { logs } = display
    if (logs !== undefined) {
      const directory = isAbsolute(logs) ? logs : join(world.cwd, logs)
      this.#logs = new LogFiles(directory, (text) => this.say(text))
    }
  }

  /** Every process, in the order of the services. */
  processes(): ServiceProcess[] {
    const all = this.#use?.session.processes?.all() ?? []
    const order = this.#services.map(({ name }) => name)
    return all.toSorted((a, b) => order.indexOf(a.service) - order.indexOf(b.service))
  }

  /** The services with a command, when all of them run elsewhere in this checkout already; else none. */
  get allElsewhere(): RunningService[] {
    const started = this.#services.filter(({ process }) => process)
    const running = started.flatMap(({ name }) => {
      const { state, port } = this.#use?.reservations.get(name) ?? {}
      return state === 'running' && port !== undefined ? [{ name, port }] : []
    })
    return running.length === started.length ? running : []
  }

  /** What people open in a browser first: the bundler's page, else the first service with HTTP. */
  get url(): string | undefined {
    const pages = this.#services.filter(({ scheme, process }) => scheme === 'http' && process)
    const first = pages.find(({ name }) => /^(?:dev|web|app|site|frontend)$/.test(name)) ?? pages[0]
    return first && this.#use?.reservations.get(first.name)?.url
  }

  /**
   * Reserves the ports of `found`; those that it has already stay.
   *
   * @throws PortsError when a required service can't be had; everything is as before then.
   */
  async reserve({ options }: EffectiveOptions, root: string): Promise<void> {
    const services = selectServices(options.services, this.#selection)
    const before = this.#use
    // A port without a command is bound by somebody else's server, such as a container's second one.
    const leased = new Set(services.filter(({ process }) => !process).map(({ name }) => name))
    const { use, warnings } = await openServices({ ...options, services, root }, this.#world, {
      previous: before,
      leased,
    })
    this.#use = use
    this.#services = services
    for (const warning of warnings) this.say(warning)
    if (before) await this.start()
    before?.close()
  }

  /** Starts what has been reserved, in the order of dependencies. */
  async start(): Promise<void> {
    const use = this.#use
    if (!use) return
    await startForProgram(use, this.#services, this.#world, {
      hear: (line) => {
        this.#show(line)
        return true
      },
      say: (text) => this.say(text),
      changed: () => {
        this.screen.refresh()
        this.#onChange()
      },
    })
  }

  /** Prints where the services are, unless that was printed already. */
  async printSummary(): Promise<void> {
    const use = this.#use
    if (!use) return
    const { checkout } = use.session
    const attempts = [...use.reservations.values()].flatMap((one) => one.attempts)
    await describeHolders(attempts, this.#world.place)
    const text = renderSummary(this.#services.map(rowOf(use)), {
      width: this.#terminal.columns,
      colors: this.#terminal.colors,
      from: checkout.dir,
      branch: checkout.branch,
      linked: checkout.kind === 'worktree',
      full: false,
    }).join('\n')
    if (text !== this.#printed) this.screen.print('stdout', text)
    this.#printed = text
  }

  /** One line for people. */
  say(text: string): void {
    this.screen.print('stderr', `${this.#terminal.colors.cyan('ports:')} ${text}`)
  }

  /** Ends all processes, those that others depend on last, and gives their ports back. */
  async close(): Promise<void> {
    this.screen.close()
    const { session } = this.#use ?? {}
    this.#use?.close()
    await session?.processes?.settled()
  }

  /** Ends and starts these again; resolves when the old ones have ended. */
  async restart(services: readonly string[]): Promise<void> {
    const { processes } = this.#use?.session ?? {}
    await Promise.all(services.map((service) => processes?.restart(service)))
  }

  #show(line: ProcessLine): void {
    this.#logs?.write(line)
    const mark = this.#display.raw ? '' : `${this.#prefixes.of(line.service)} `
    this.screen.print(line.stream, mark + line.line)
  }
}

function rowOf(use: SessionUse): (service: ResolvedService) => SummaryRow {
  return (service) => {
    const allocation = use.reservations.get(service.name)
    const failed = use.missing.find((problem) => problem.service === service.name)
    return {
      service: service.name,
      link: service.scheme === 'http' && service.protocol === 'tcp',
      variable: service.env.port[0] ?? entryOf(service),
      ...(allocation && { allocation }),
      ...(failed && { failed: failed.attempts }),
    }
  }
}

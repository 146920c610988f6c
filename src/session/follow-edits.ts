import { basename } from 'node:path'
import type { ConfigFollower, RunRequest } from '../bundlers/adapter.ts'
import { asRestartOf } from '../reservation/restarting.ts'
import { runSteps } from '../reservation/questions.ts'
import { compareRequests } from './config-change.ts'
import { ConfigEdits, EnvEdits } from './edited-files.ts'
import { withoutOwnServer } from './own-service.ts'
import type { DevRun } from './run.ts'
import { changedWishes } from './run-wishes.ts'
import { startRun } from './start.ts'
import { watchFiles } from './watch-files.ts'
import type { SessionWorld } from './world.ts'

/**
 * Watches the files that a running server's ports come from: the config file (also one that is
 * written later) and the env files. New services get ports, removed ones are released, and the
 * others keep theirs unless their own settings, or the ports typed for them, have changed.
 *
 * Never keeps the process alive.
 *
 * @returns Ends it.
 */
export function followEdits(run: DevRun, host: ConfigFollower, world: SessionWorld): () => void {
  const follower = new Follower(run, host, world)
  return () => follower.close()
}

class Follower {
  readonly #run: DevRun
  readonly #host: ConfigFollower
  readonly #world: SessionWorld
  readonly #config: ConfigEdits
  readonly #env: EnvEdits
  readonly #watch: ReturnType<typeof watchFiles>
  #work: Promise<void> = Promise.resolve()
  /** Warnings about variables that were given already; the first ones by the start. */
  #said: readonly string[] | undefined
  #told = ''
  #closed = false

  constructor(run: DevRun, host: ConfigFollower, world: SessionWorld) {
    this.#run = run
    this.#host = host
    this.#world = world
    this.#config = new ConfigEdits(run.request.config)
    this.#env = new EnvEdits(run.files, (file) => host.restartsFor?.(file) ?? false)
    this.#watch = watchFiles(
      [...this.#config.files, ...this.#env.files],
      () => {
        this.#work = this.#work.then(() => this.#follow())
      },
      (error) => this.#tell(`edits of files are not followed: ${String(error)}`),
    )
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
  }

  #tell(text: string): void {
    if (text && text !== this.#told) this.#run.warn([text])
    this.#told = text
  }

  async #follow(): Promise<void> {
    if (this.#closed) return
    const edited = this.#config.next()
    const env = this.#env.next()
    try {
      if (edited !== undefined) await this.#followConfig(edited)
      if (env && !this.#closed) await this.#followEnv()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const file = edited === undefined ? 'an env file' : basename(edited)
      this.#tell(`an edit of ${file} was not followed, everything is as before. ${reason}`)
    }
  }

  async #followConfig(file: string): Promise<void> {
    const run = this.#run
    const { config } = run.request
    if (!config) return
    const reread = await this.#config.read(file, () => config.reread(), this.#watch)
    if (!reread) return
    if (reread.config) this.#watch.add(this.#config.readFrom(reread.config))
    const after = withoutOwnServer(reread, this.#world.env)
    const portOf = (name: string) => run.reservation(name)?.port
    const change = compareRequests(run.request, after, this.#host.proxies, portOf)
    if (change.needsRestart.length > 0 && this.#host.restart) return this.#host.restart()
    this.#tell(startAdvice(basename(file), change.needsRestart))
    if (change.request && !this.#closed) await this.#takeOver(change.request)
  }

  /** What people typed for a service counts at once; what they did to our block is put right. */
  async #followEnv(): Promise<void> {
    const run = this.#run
    const read = this.#env.read(() => run.readWishes(), this.#watch)
    if (!read) return
    const { files, wishes } = read
    const changed = new Set(changedWishes(run.wishes, wishes.byService))
    const { services } = run.request
    // A server of the host's own can't leave the port that it listens on.
    const stuck = services.filter(({ hold, service }) => hold && changed.has(service.name))
    if (stuck.length > 0 && this.#host.restart) return this.#host.restart()
    const names = stuck.map(({ service }) => `"${service.name}"`)
    this.#tell(startAdvice('an env file', names))
    const stays = services.filter(({ hold, service }) => hold || !changed.has(service.name))
    if (stays.length < services.length) {
      const kept = new Set(stays.map(({ service }) => service.name))
      return this.#takeOver({ ...run.request, kept })
    }
    const said = (this.#said ??= wishes.warnings)
    run.warn(wishes.warnings.filter((warning) => !said.includes(warning)))
    this.#said = wishes.warnings
    run.reread(files, wishes.byService)
    if (!this.#env.mayWrite) {
      return this.#tell(
        `another program changes the ports in ${files.blockName} again and again, so they are left as they are. Set env.file to another file, or env: false.`,
      )
    }
    if (await runSteps(run.publish(undefined), this.#world.place)) this.#env.wrote()
  }

  async #takeOver(request: RunRequest): Promise<void> {
    const run = this.#run
    const before = run.addresses()
    const next = await asRestartOf(run.use, () => startRun(request, this.#world))
    run.become(next.value as DevRun)
    this.#watch.add(this.#env.watchAlso(run.files))
    if (JSON.stringify(before) !== JSON.stringify(run.addresses())) this.#host.refresh?.()
    run.reprintSummary(this.#host.logger)
  }
}

function startAdvice(file: string, parts: readonly string[]): string {
  if (parts.length === 0) return ''
  return `${file} has changed ${parts.join(', ')}, which counts from the next start on.`
}
